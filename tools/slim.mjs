/**
 * Runs after `npm ci` and `npm install`: deletes from onnxruntime-web the builds that nothing here loads (the old WebGPU
 * provider, WebGL, everything in one, and source maps): some 85 of its 142 MB. The lab works the same without this step,
 * so nothing depends on it; see docs/decisions/0009-what-is-installed.md.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(fileURLToPath(new URL('..', import.meta.url)), 'node_modules/onnxruntime-web/dist');
// Vite reads the source maps of the two builds that are loaded.
const unused = /^ort\.(all|webgl)\.|\.jsep\.(mjs|wasm)$|(?<!^ort\.(wasm|webgpu)\.bundle\.min\.mjs)\.map$/;

if (existsSync(folder)) for (const name of readdirSync(folder)) if (unused.test(name)) rmSync(join(folder, name));
