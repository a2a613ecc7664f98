/**
 * `npm run prove:files`: the exported files of a kept run, read by the programs that they are for. Runs Python (LRT_PYTHON,
 * with fixtures/files/requirements.txt) and llama.cpp (LRT_LLAMA, a folder of its programs; by default what
 * tools/llama-cpp.ts fetched) on files that the exporters write, compares what they find with what was meant and with each
 * other, and writes the record, fixtures/files/proof.json. Fails, and writes nothing, where anything differs.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fromBase64, toBase64 } from '../src/experiment/base64';
import { sha256Hex } from '../src/experiment/digest';
import { readMap } from '../src/files/map-file';
import {
  PROOF_CASES,
  PROOF_PAIRS,
  proofTable,
  proofRun,
  provedFiles,
  type CaseResult,
  type ProofCase,
  type ProofRecord,
} from '../src/files/proof';
import { steeringOf, VECTOR_NAMES, type VectorName } from '../src/files/steering';
import { ROOT } from './serve';

const FIXTURES = join(ROOT, 'fixtures/files');
const WORK = join(ROOT, '.cache/prove-files');
const PYTHON = process.env.LRT_PYTHON ?? 'python3';
const LLAMA = process.env.LRT_LLAMA ?? join(ROOT, '.cache/llama.cpp/bin');
/** Two float32 programs that sum in different orders. */
const TOLERANCE = 1e-4;
const GREEDY_TOKENS = 24;
/** llama.cpp rounds its cache to half precision unless told otherwise: what is compared here is the steering, in float32. */
const EXACT = ['--cache-type-k', 'f32', '--cache-type-v', 'f32', '--flash-attn', 'off'];

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`Not so: ${what}`);
}

const python = (script: string, ...args: string[]): string =>
  execFileSync(PYTHON, [join(FIXTURES, script), ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TRANSFORMERS_OFFLINE: '1', HF_HUB_OFFLINE: '1' },
  });

const maxDifference = (a: string, b: string): number => {
  const [x, y] = [fromBase64(a), fromBase64(b)];
  check(x.length === y.length, `${x.length} and ${y.length} log-probabilities`);
  return x.reduce((max, value, i) => Math.max(max, Math.abs(value - y[i])), 0);
};

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

interface LlamaAnswer {
  tokens: number[];
  content: string;
  completion_probabilities: { top_logprobs: { id: number; logprob: number }[] }[];
}

/** One answer of llama-server, started for it with the given options and ended after it. */
async function llama(
  model: string,
  ids: readonly number[],
  vocabulary: number,
  options: readonly string[],
): Promise<CaseResult & { content: string }> {
  const port = await freePort();
  const server = spawn(
    join(LLAMA, 'llama-server'),
    [
      '-m',
      model,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '-t',
      '1',
      '-c',
      '512',
      '--no-webui',
      ...EXACT,
      ...options,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let log = '';
  server.stdout.on('data', (data: Buffer) => (log += data.toString()));
  server.stderr.on('data', (data: Buffer) => (log += data.toString()));
  try {
    for (let tries = 0; ; tries++) {
      if (
        await fetch(`http://127.0.0.1:${port}/health`).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        break;
      if (tries > 240 || server.exitCode !== null) throw new Error(`llama-server did not start:\n${log.slice(-2000)}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    const response = await fetch(`http://127.0.0.1:${port}/completion`, {
      method: 'POST',
      body: JSON.stringify({
        prompt: ids,
        n_predict: GREEDY_TOKENS,
        n_probs: vocabulary,
        temperature: 0,
        cache_prompt: false,
        return_tokens: true,
      }),
    });
    const answer = (await response.json()) as LlamaAnswer;
    const logprobs = new Float32Array(vocabulary).fill(Number.NaN);
    for (const { id, logprob } of answer.completion_probabilities[0].top_logprobs) logprobs[id] = logprob;
    check(
      logprobs.every((x) => Number.isFinite(x)),
      'llama.cpp gives a log-probability to every token',
    );
    return { logprobs: toBase64(logprobs), greedy: answer.tokens, content: answer.content };
  } finally {
    server.kill();
  }
}

interface PythonAnswer {
  versions: Record<string, string>;
  files: {
    gguf: Record<
      VectorName,
      { architecture: string; model_hint: string; layer_count: number; tensors: Record<string, string> }
    >;
    repeng: Record<VectorName, { model_type: string; directions: Record<string, string> } | null>;
    svec: Record<VectorName, Record<string, { shape: number[]; values: string }>>;
    vectors: { tensors: Record<string, { shape: number[]; values: string }> };
    map: { tensors: Record<string, { shape: number[]; values: string }> };
    sweep: { rows: number; p95: number[] };
    pairs_csv: unknown;
    pairs_jsonl: unknown;
    card: string;
  };
  carriedCosine: number;
  cases: CaseResult[];
}

const runBytes = readFileSync(join(FIXTURES, 'run.json'));
const run = proofRun(JSON.parse(runBytes.toString('utf8')));
const map = readMap(readFileSync(join(FIXTURES, 'map.safetensors')));
check(
  existsSync(join(LLAMA, 'llama-server')),
  `llama-server is in ${LLAMA} (npx tsx tools/llama-cpp.ts fetches it; LRT_LLAMA names another folder)`,
);

rmSync(WORK, { recursive: true, force: true });
const out = join(WORK, 'files');
mkdirSync(out, { recursive: true });
const files = provedFiles(run, map);
for (const { name, bytes } of files) writeFileSync(join(out, name), bytes);

console.log('Weights of the bundled models for PyTorch and llama.cpp …');
const weights = { source: join(WORK, run.models.source.id), target: join(WORK, run.models.target.id) };
for (const role of ['source', 'target'] as const)
  python('bundled_weights.py', join(ROOT, 'public/models', run.models[role].id), weights[role]);

const prompt = { text: run.steer.axis.prompt, ids: run.evidence.replay!.promptIds.target };
console.log('Python …');
const job = {
  folder: out,
  vectors: VECTOR_NAMES,
  weights: { source: join(weights.source, 'transformers'), target: join(weights.target, 'transformers') },
  cases: PROOF_CASES.map((each) => ({ ...each, prompt: prompt.text, ids: prompt.ids })),
  tokens: GREEDY_TOKENS,
};
writeFileSync(join(WORK, 'job.json'), JSON.stringify(job));
const read = JSON.parse(python('read_files.py', join(WORK, 'job.json')).trim().split('\n').at(-1)!) as PythonAnswer;

const findings = new Map<string, { program: string; found: string }[]>(files.map(({ name }) => [name, []]));
const note = (name: string, program: string, found: string): void => void findings.get(name)!.push({ program, found });

for (const vector of VECTOR_NAMES) {
  const { block, added, direction } = steeringOf(run, vector);
  const gguf = read.files.gguf[vector];
  check(
    JSON.stringify([gguf.architecture, gguf.model_hint, gguf.layer_count]) ===
      JSON.stringify(['controlvector', 'llama', 1]),
    `gguf reads the metadata of ${vector}.gguf`,
  );
  check(
    JSON.stringify(gguf.tensors) === JSON.stringify({ [`direction.${block}`]: toBase64(added) }),
    `gguf reads direction.${block} of ${vector}.gguf to the bit`,
  );
  note(`${vector}.gguf`, 'gguf', `direction.${block} to the bit`);
  const repeng = read.files.repeng[vector];
  if (repeng) {
    check(
      JSON.stringify(repeng) === JSON.stringify({ model_type: 'llama', directions: { [block]: toBase64(added) } }),
      `repeng reads ${vector}.gguf`,
    );
    note(`${vector}.gguf`, 'repeng', `block ${block} to the bit`);
  }
  check(
    JSON.stringify(read.files.svec[vector]) ===
      JSON.stringify({ [block]: { shape: [1, added.length], values: toBase64(added) } }),
    `${vector}.svec has the documented shape`,
  );
  note(`${vector}.svec`, 'python', `AISteer360’s documented shape: block ${block}, [1, ${added.length}], to the bit`);
  check(read.files.vectors.tensors[vector].values === toBase64(direction), `safetensors reads “${vector}”`);
}
note('vectors.safetensors', 'safetensors', 'mapped, native, source to the bit');
for (const [name, values] of [
  ['W', map.W],
  ['p', map.p],
  ['mu_source', map.muSource],
  ['mu_target', map.muTarget],
] as const)
  check(read.files.map.tensors[name].values === toBase64(values), `safetensors reads “${name}” of the map`);
check(read.carriedCosine > 0.999_999, 'source @ W is the mapped direction');
note(
  'map.safetensors',
  'safetensors',
  `W [${read.files.map.tensors.W.shape.join(', ')}], p, mu_source, mu_target to the bit; source @ W is the mapped vector`,
);
check(
  JSON.stringify(read.files.sweep.p95) === JSON.stringify(run.evidence.doseResponse.map((cell) => cell.metrics.p95Kl)),
  'csv reads the sweep',
);
note('sweep.csv', 'python', `csv: ${read.files.sweep.rows} rows`);
check(
  JSON.stringify(read.files.pairs_csv) === JSON.stringify(PROOF_PAIRS) &&
    JSON.stringify(read.files.pairs_jsonl) === JSON.stringify(PROOF_PAIRS),
  'csv and json read the pairs',
);
note('pairs.csv', 'python', `csv: ${PROOF_PAIRS.length} pairs, quotation marks and line breaks among them`);
note('pairs.jsonl', 'python', `json: ${PROOF_PAIRS.length} pairs`);
check(read.files.card === 'lrt-lab card', 'json reads the card');
note('card.json', 'python', 'json');

console.log('llama.cpp …');
const modelOf = ({ role }: Pick<ProofCase, 'role'>): string => join(weights[role], 'model.gguf');
const vocabulary = run.models.target.vocabSize;
const optionsOf = ({ vector, factor }: ProofCase, block = vector && steeringOf(run, vector).block): string[] =>
  vector
    ? [
        '--control-vector-scaled',
        `${join(out, `${vector}.gguf`)}:${factor}`,
        '--control-vector-layer-range',
        String(block),
        String(block),
      ]
    : [];
const cases: ProofRecord['cases'] = [];
for (const [i, each] of PROOF_CASES.entries()) {
  const { content, ...answer } = await llama(modelOf(each), prompt.ids, vocabulary, optionsOf(each));
  const difference = maxDifference(answer.logprobs, read.cases[i].logprobs);
  const name = each.vector ? `${each.vector}, factor ${each.factor}` : 'unsteered';
  console.log(
    `  ${each.role}, ${name}: largest difference from transformers ${difference.toExponential(1)}; “${content.trim().slice(0, 70)}”`,
  );
  check(difference <= TOLERANCE, `${name}: llama.cpp and transformers agree within ${TOLERANCE}`);
  check(
    JSON.stringify(answer.greedy) === JSON.stringify(read.cases[i].greedy.slice(0, answer.greedy.length)) &&
      answer.greedy.length >= GREEDY_TOKENS - 1,
    `${name}: the same greedy continuation`,
  );
  if (each.vector && each.factor === 1) {
    const unsteered = cases.find(({ role, vector }) => role === each.role && vector === null)!;
    check(maxDifference(answer.logprobs, unsteered.llama.logprobs) > 0.1, `${name} changes the distribution`);
    const block = steeringOf(run, each.vector).block;
    const beside = await llama(modelOf(each), prompt.ids, vocabulary, optionsOf(each, block - 1));
    check(
      maxDifference(beside.logprobs, unsteered.llama.logprobs) < 1e-6,
      `${name} at the layer range ${block - 1} ${block - 1} does nothing: direction.${block} is of block ${block}`,
    );
    note(
      `${each.vector}.gguf`,
      'llama.cpp',
      `layer range ${block} ${block}: transformers’ log-probabilities within ${difference.toExponential(1)}, the same ${answer.greedy.length} greedy tokens`,
    );
  }
  cases.push({
    ...each,
    llama: answer,
    transformers: { logprobs: read.cases[i].logprobs, greedy: read.cases[i].greedy.slice(0, answer.greedy.length) },
    maxDifference: difference,
  });
}
const script = join(out, 'steer-llama.sh');
chmodSync(script, 0o755);
const said = execFileSync('sh', [script, modelOf({ role: 'target' }), prompt.text], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
  env: { ...process.env, LLAMA: join(LLAMA, 'llama-completion') },
});
const steered = await llama(modelOf({ role: 'target' }), prompt.ids, vocabulary, optionsOf(PROOF_CASES[1]));
check(said.includes(steered.content.trim().slice(0, 60)), 'the exported llama.cpp script continues as the server does');
note('steer-llama.sh', 'llama.cpp', `runs; continues as llama-server: “${steered.content.trim().slice(0, 40)}…”`);
note(
  'steer.py',
  'transformers',
  `its own functions steer the bundled models: ${PROOF_CASES.length} cases, equal to llama.cpp`,
);
python('../../.cache/prove-files/files/steer.py', '--model', job.weights.target, '--tokens', '8', prompt.text);

// It says its version on stderr.
const { stdout, stderr } = spawnSync(join(LLAMA, 'llama-server'), ['--version'], { encoding: 'utf8' });
const record: ProofRecord = {
  schema: 1,
  recorded: new Date().toISOString(),
  programs: { ...read.versions, 'llama.cpp': /version: (.*)/.exec(stdout + stderr)?.[1] ?? 'unknown' },
  inputs: {
    'run.json': sha256Hex(runBytes),
    'map.safetensors': sha256Hex(readFileSync(join(FIXTURES, 'map.safetensors'))),
    ...Object.fromEntries(
      (['source', 'target'] as const).map((role) => [
        `${run.models[role].id}/onnx/model.onnx`,
        sha256Hex(readFileSync(join(ROOT, 'public/models', run.models[role].id, 'onnx/model.onnx'))),
      ]),
    ),
  },
  files: files.map(({ name, bytes }) => ({
    name,
    bytes: bytes.length,
    sha256: sha256Hex(bytes),
    readers: findings.get(name)!,
  })),
  prompt,
  cases,
};
check(
  record.files.every(({ readers }) => readers.length > 0),
  `every file has a reader: ${record.files
    .filter(({ readers }) => readers.length === 0)
    .map(({ name }) => name)
    .join(', ')}`,
);
writeFileSync(join(FIXTURES, 'proof.json'), `${JSON.stringify(record, null, 1)}\n`);
console.log(`\n${proofTable(record)}`);
