/** Set-up file of the `dawn` test project: every file of it gets `navigator.gpu` from Dawn, or fails. */
import { installDawn } from './install';

console.log(`Dawn in Node ${process.versions.node}: ${await installDawn()}`);
