/** One direction of imports: app → worker → lab → runtime, gpu, models, onnx → experiment, math. */
const room = (name) => `^src/${name}/`;
const only = (from, allowed) => ({
  name: `${from}-imports`,
  comment: `src/${from} may import only: ${allowed.join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: room(from), pathNot: '\\.(test|gpu)\\.tsx?$' },
  to: { path: '^src/', pathNot: `^src/(${[from, ...allowed].join('|')})/` },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    only('experiment', []),
    only('math', []),
    only('gpu', ['math', 'experiment']),
    only('onnx', ['math', 'experiment']),
    only('models', ['runtime', 'onnx', 'math', 'experiment']),
    only('runtime', ['models', 'onnx', 'gpu', 'math', 'experiment']),
    only('lab', ['runtime', 'gpu', 'models', 'onnx', 'math', 'experiment']),
    only('worker', ['lab', 'experiment']),
    {
      name: 'app-imports',
      comment: 'The page sees experiments, runs and the worker’s client; of the lab only what turns a run into text or a file.',
      severity: 'error',
      from: { path: room('app') },
      to: { path: '^src/', pathNot: '^src/(app|experiment|math|i18n)/|^src/worker/(client|protocol)\\.ts|^src/lab/(report|export)\\.ts' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js'] },
  },
};
