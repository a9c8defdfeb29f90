/** A process that starts Azurite and then only waits, to be killed by a test. */
import { startAzurite } from '../../src/local/azurite.ts';

const azurite = await startAzurite();
process.send?.(azurite.processId);
