/** The solver bench from the command line: runs the tables, prints each as soon as it is there, writes the JSON. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../tools/serve';
import { type BenchPage, openPage } from './browser';
import { measureOnDawn, secondIcd } from './dawn';
import { besideEachOther, type DriverFigures } from './drivers-table';
import { datasets, driverDatasets, fitRows, productSize } from './goals';
import { type BenchOptions, parseOptions } from './options';
import { accuracyTable, driverTable, heading, pathTable, peakLine, speedTable } from './tables';
import type { BenchReport, DriverTable } from './types';

const PEERS = ['onnxruntime-web', '@jax-js/jax', '@tensorflow/tfjs-backend-webgpu', 'ml-matrix', 'webgpu'];

/** Measured rounds of a race. */
const ROUNDS = 5;

/** @returns the exit code: 0 if the tables were measured, whatever they say; 2 if the arguments are wrong */
export async function benchSolver(args: readonly string[], usage: string): Promise<number> {
  let options: BenchOptions;
  try {
    options = parseOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  const page = await openPage();
  try {
    const report = await measure(page, options);
    if (options.json) {
      writeFileSync(options.json, `${JSON.stringify(report, null, 1)}\n`);
      console.log(`\nWritten to ${options.json}.`);
    }
  } finally {
    await page.close();
  }
  return 0;
}

async function measure(page: BenchPage, { quick, tables }: BenchOptions): Promise<BenchReport> {
  const { name, software, cores } = await page.call('adapter');
  const report: BenchReport = {
    bench: 'solver',
    version: 1,
    date: new Date().toISOString(),
    quick,
    machine: { cores, cpu: cpus()[0]?.model.trim() ?? 'unknown CPU', node: process.versions.node },
    browser: page.version,
    adapter: { name, software },
    peers: Object.fromEntries(PEERS.map((peer) => [peer, versionOf(peer)])),
    accuracy: null,
    drivers: null,
    speed: null,
    peak: null,
  };
  console.log(heading(report));
  if (tables.includes('accuracy')) {
    console.log('\nAccuracy: relative Frobenius error of W and held-out R² against float64 on the same float32 rows');
    report.accuracy = { rows: [], paths: [] };
    for (const spec of datasets(quick)) {
      const found = await page.call('accuracy', spec);
      report.accuracy.rows.push(...found.rows);
      report.accuracy.paths.push(...found.paths);
      console.log(`\n${accuracyTable(found.rows)}\n\n${pathTable(found.paths)}`);
    }
    const judged = [...report.accuracy.rows, ...report.accuracy.paths].filter((row) => row.met !== null);
    console.log(`\n${judged.filter((row) => row.met).length} of ${judged.length} accuracy rows with a goal meet it.`);
  }
  if (tables.includes('drivers')) {
    report.drivers = await measureDrivers(page, quick);
    console.log(
      `\nDrivers: largest relative error of each kernel case and fit, against float64\n${driverTable(report.drivers)}`,
    );
  }
  if (tables.includes('speed')) {
    console.log('\nSpeed: in turn, on one adapter, medians');
    report.speed = await page.call('products', productSize(quick), ROUNDS);
    report.speed.push(await page.call('fits', fitRows(quick), ROUNDS));
    console.log(report.speed.map((found) => `\n${speedTable(found)}`).join('\n'));
  }
  if (tables.includes('peak')) {
    report.peak = software ? { notRun: `no real GPU (${name}).` } : await page.call('peak');
    console.log(`\nFraction of the GPU's float32 peak\n${peakLine(report.peak)}`);
  }
  return report;
}

async function measureDrivers(page: BenchPage, quick: boolean): Promise<DriverTable> {
  const specs = driverDatasets(quick);
  const drivers: { name: string; figures: DriverFigures }[] = [
    { name: 'Chromium', figures: await page.call('drivers', specs) },
    { name: 'Dawn', figures: await measureOnDawn(specs, null) },
  ];
  const icd = secondIcd();
  const notRun = icd
    ? []
    : [{ name: 'Dawn, second driver', why: 'set LRT_ICD, or fetch lavapipe: npx tsx tools/lavapipe.ts.' }];
  if (icd) drivers.push({ name: 'Dawn, second driver', figures: await measureOnDawn(specs, icd) });
  return besideEachOther(drivers, notRun);
}

/** The bench's own packages, then those of the lab. */
function versionOf(name: string): string {
  const path = ['bench/node_modules', 'node_modules']
    .map((folder) => join(ROOT, folder, name, 'package.json'))
    .find((candidate) => existsSync(candidate));
  if (!path) throw new Error(`${name} is not installed.`);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
