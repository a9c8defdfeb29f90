export const keys = { functionKey: 'the-function-key', masterKey: 'the-master-key' };
