/** Before the first test file of a shared process, because later the process would not trust the root. */
import './trustedAuthority.ts';
