import { plantedSecrets } from './plantedSecrets.ts';

export const keys = { functionKey: plantedSecrets.functionKey, masterKey: plantedSecrets.masterKey };
