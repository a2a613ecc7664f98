/**
 * `npm run cases -- FOLDER` reads a folder of inputs as they are found in the field and prints for each what the lab
 * answers: `pairs/` (a file of contrast pairs, or a folder of files that go together), `links/` (texts with a link in
 * them, as they stand and mangled) and `models/` (folders of models, or parts of them: listing, config.json, graphs,
 * tokenizer.json, chat template). Answers only: nothing is judged here.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LabError } from '../src/experiment/errors';
import { defaultExperiment } from '../src/experiment/defaults';
import { openLink } from '../src/experiment/share/open';
import { parsePairs, type PairsReading, type TextFile } from '../src/files/pairs';
import { decode } from '../src/files/vector-files';
import { wordsOf } from '../src/i18n/text';
import { requirePairLengths } from '../src/lab/pair-lengths';
import { applyChatTemplate, readChatTemplate } from '../src/models/chat';
import { parseConfig } from '../src/models/config';
import { externalFiles, listedExternal } from '../src/models/external';
import { parseModelJson } from '../src/models/json';
import { refuseListing } from '../src/models/supported';
import { tokenizerOf } from '../src/models/testing';
import { inspectDecoder, readDecoder } from '../src/onnx';
import type { ModelTokenizer } from '../src/models/types';
import { exitCodeOf, printError } from './errors';
import { ROOT } from './serve';

const USAGE = 'Usage: npm run cases -- FOLDER';
const words = wordsOf('en');
const indent = (line: string): void => console.log(`    ${line}`);
const short = (text: string, most = 160): string => {
  const line = JSON.stringify(text);
  return line.length > most ? `${line.slice(0, most)}… (${text.length} characters)` : line;
};

/** What work says, or its error by name with the exit code of the commands. */
function answer(work: () => void): void {
  try {
    work();
  } catch (thrown) {
    const error = LabError.from(thrown);
    const { what, remedy } = words.error(error.toJSON());
    indent(`error ${error.key} (exit ${exitCodeOf(error.code)}): ${what} ${remedy}`);
  }
}

const visible = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => !name.startsWith('.'))
        .toSorted()
    : [];

/** What a name begins with: files of one side share it. */
const beginning = (name: string): string => /^[a-z0-9]*/i.exec(name)![0].toLowerCase();

/** The files that are given together: one, two, or of more every two whose names begin differently. */
function groupsOf(names: readonly string[]): string[][] {
  if (names.length <= 2) return [[...names]];
  const couples = names.flatMap((a, i) =>
    names.slice(i + 1).flatMap((b) => (beginning(a) === beginning(b) ? [] : [[a, b]])),
  );
  return couples.length > 0 ? couples : names.map((name) => [name]);
}

function sayReading({ format, pairs, notes, notRead }: PairsReading): void {
  indent(`${pairs.length} pairs. Understood as ${words.say(format)}.`);
  indent(`first pair: ${short(pairs[0].positive)} / ${short(pairs[0].negative)}`);
  indent(`not read: ${notRead.join(', ') || 'nothing'}`);
  for (const note of notes) indent(`note: ${words.say(note)}`);
}

/** The default experiment's two models as far as their texts go. */
function defaultReaders() {
  const experiment = defaultExperiment('mood');
  const reader = (id: string) => {
    const json = (name: string): unknown => JSON.parse(readFileSync(join(ROOT, 'public/models', id, name), 'utf8'));
    const config = parseConfig(json('config.json'), {}, id);
    return { config, tokenizer: tokenizerOf(json('tokenizer.json'), json('tokenizer_config.json'), config, id) };
  };
  const { source, target } = experiment.models;
  return {
    experiment,
    titles: { source: source.id, target: target.id },
    readers: { source: reader(source.id), target: reader(target.id) },
  };
}

function sayPairs(folder: string): void {
  const { experiment, readers, titles } = defaultReaders();
  const say = (title: string, paths: readonly string[]): void => {
    console.log(`\npairs/${title}`);
    answer(() => {
      const files = paths.map((path): TextFile => {
        const name = path.split('/').at(-1)!;
        return { name, text: decode(new Uint8Array(readFileSync(path)), name) };
      });
      let reading: PairsReading;
      try {
        reading = parsePairs(files);
      } catch (thrown) {
        const error = LabError.from(thrown);
        if (error.key !== 'pairs-one-sided.files' || !(Number(error.params.shorter) > 0)) throw error;
        answer(() => {
          throw error;
        });
        indent('and where that offer is taken:');
        reading = parsePairs(files, { shorter: true });
      }
      sayReading(reading);
      requirePairLengths(readers, titles, reading.pairs, experiment);
    });
  };
  for (const name of visible(folder)) {
    const path = join(folder, name);
    if (!statSync(path).isDirectory()) {
      say(name, [path]);
      continue;
    }
    const names = visible(path).filter((each) => statSync(join(path, each)).isFile());
    for (const group of groupsOf(names))
      if (group.length > 0)
        say(
          `${name}: ${group.join(' + ')}`,
          group.map((each) => join(path, each)),
        );
  }
}

/** What programs on the way make of a link. */
const MANGLINGS: Readonly<Record<string, (url: string) => string>> = {
  '~ as %7E': (url) => url.replaceAll('~', '%7E'),
  '# as %23': (url) => url.replaceAll('#', '%23'),
  'a dot behind it': (url) => `${url}.`,
  ') behind it': (url) => `${url})`,
  '> behind it': (url) => `${url}>`,
  '?fbclid=… behind it': (url) => `${url}?fbclid=IwAR0a1b2c3d4e5f`,
  'wrapped at 76': (url) => url.replaceAll(/.{76}/g, '$&\n'),
  '<url|run>': (url) => `<${url}|run>`,
  "inside another URL's query": (url) => `https://example.com/redirect?url=${encodeURIComponent(url)}&utm_source=mail`,
};

function sayLinks(folder: string): void {
  for (const name of visible(folder)) {
    const text = readFileSync(join(folder, name), 'utf8');
    const whole = /^\S+$/.test(text.trim());
    console.log(`\nlinks/${name}`);
    const forms: [string, string][] = [['as it stands', text]];
    if (whole) for (const [how, mangle] of Object.entries(MANGLINGS)) forms.push([how, mangle(text.trim())]);
    for (const [how, form] of forms)
      answer(() => {
        try {
          const { document, digest } = openLink(form);
          indent(`${how}: opened, a ${document.kind} with the digest ${digest}`);
        } catch (thrown) {
          indent(`${how}:`);
          throw thrown;
        }
      });
  }
}

const PROBES = ['He said: "Hi!"\nTim', 'the day', 'Ä 漢'];

/** Every file below a folder, by its path inside. */
function filesIn(folder: string, prefix = ''): string[] {
  return visible(folder).flatMap((name) =>
    statSync(join(folder, name)).isDirectory()
      ? filesIn(join(folder, name), `${prefix}${name}/`)
      : [`${prefix}${name}`],
  );
}

function sayModels(folder: string): void {
  const { readers } = defaultReaders();
  for (const name of visible(folder)) {
    const path = join(folder, name);
    if (!statSync(path).isDirectory()) continue;
    console.log(`\nmodels/${name}`);
    const files = filesIn(path);
    const bytes = (file: string): Uint8Array => new Uint8Array(readFileSync(join(path, file)));
    const json = (file: string): unknown => parseModelJson(bytes(file), file, name).value;
    answer(() => refuseListing(new Set(files), name));
    let { config } = readers.source;
    if (files.includes('config.json'))
      answer(() => {
        config = { ...parseConfig(json('config.json'), null, name) };
        indent(`config.json: ${config.modelType}, ${config.layers} blocks of ${config.hiddenSize}`);
      });
    for (const file of files.filter((each) => each.endsWith('.onnx')))
      answer(() => {
        const named = externalFiles(bytes(file), name);
        indent(`${file} names ${named.map((each) => each.path).join(', ') || 'no other file'}`);
        listedExternal(
          named,
          files.map((each) => ({ path: each, bytes: statSync(join(path, each)).size, sha256: null })),
          { id: name, graph: file },
        );
        const { blocks, width } = inspectDecoder(readDecoder(bytes(file)));
        indent(`${file}: ${blocks} blocks of ${width}`);
      });
    const settings = files.includes('tokenizer_config.json') ? json('tokenizer_config.json') : {};
    if (files.includes('tokenizer.json'))
      answer(() => {
        const tokenizer: ModelTokenizer = tokenizerOf(json('tokenizer.json'), settings, config, name);
        for (const probe of PROBES) indent(`${short(probe)} → ${tokenizer.encode(probe).join(' ')}`);
      });
    const template = files.includes('chat_template.jinja')
      ? readFileSync(join(path, 'chat_template.jinja'), 'utf8')
      : null;
    const chatTemplate = readChatTemplate(settings, template);
    if (chatTemplate !== null)
      answer(() => {
        const messages = [{ role: 'user' as const, content: PROBES[0] }];
        indent(
          `chat: ${short(applyChatTemplate({ chatTemplate, specialTokens: {} }, messages, { addGenerationPrompt: true }))}`,
        );
      });
  }
}

function main(): void {
  const [folder, ...more] = process.argv.slice(2);
  if (folder === undefined || more.length > 0 || !existsSync(folder))
    throw new LabError('settings-invalid.one-folder', { usage: USAGE });
  sayPairs(join(resolve(folder), 'pairs'));
  sayLinks(join(resolve(folder), 'links'));
  sayModels(join(resolve(folder), 'models'));
}

try {
  main();
} catch (thrown) {
  process.exitCode = exitCodeOf(printError(thrown).code);
}
