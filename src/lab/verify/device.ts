/** The self-test of a verification: kernels against float64, 16-bit floats, and a model whose answers are known. */
import { message, verbatim } from '../../experiment/message';
import type { Check } from '../../experiment/share/verification';
import { logSoftmax } from '../../math/information';
import { fetchCatalog, resolveModel } from '../../models';
import { halfProductError } from '../../runtime/half';
import type { PipelineContext } from '../pipeline';

/** What PyTorch in float32 gives for the token after this text; fixtures/family holds the whole. */
const KNOWN = {
  model: 'lrt-stories-s',
  text: 'Leo & Vera\nThe red kite. Leo is older than Vera. The sun shines over the harbour.',
  ids: [
    1, 1799, 313, 608, 202, 721, 797, 681, 857, 17, 650, 351, 442, 360, 608, 17, 385, 994, 1493, 264, 688, 279, 1061,
    1961, 17,
  ],
  logProbs: [
    [608, -1.88535],
    [455, -2.12052],
    [322, -2.24063],
    [385, -2.48976],
    [650, -2.73469],
    [821, -3.05502],
    [627, -3.08008],
    [296, -3.59243],
  ],
} as const;
/** Nats; float32 on a CPU agrees to about 1e-5. */
const FORWARD_TOLERANCE = 1e-3;
/** Half precision has 11 bits; sums of 24 products of values up to 1. */
const HALF_TOLERANCE = 4e-3;

export async function deviceChecks(context: PipelineContext): Promise<Check[]> {
  const cases = context.deviceReport.selfTest?.cases ?? [];
  const kernels = cases.map(({ kernel, name, maxRelativeError, tolerance, passed }): Check => ({
    name: verbatim(`${kernel}: ${name}`),
    expected: message('verify.device.relative-error', { tolerance: tolerance.toExponential(0) }),
    actual: verbatim(maxRelativeError.toExponential(1)),
    verdict: passed ? 'reproduced' : 'differs',
  }));
  return [...kernels, await halfCheck(context), await forwardCheck(context)];
}

async function halfCheck({ runtime }: PipelineContext): Promise<Check> {
  const name = message('verify.device.half');
  const expected = message('verify.device.relative-error', { tolerance: HALF_TOLERANCE });
  const error = await halfProductError(runtime);
  if (error === null)
    return {
      name,
      expected,
      actual: message('verify.device.no-half'),
      verdict: 'noted',
    };
  return {
    name,
    expected,
    actual: verbatim(error.toExponential(1)),
    verdict: error <= HALF_TOLERANCE ? 'reproduced' : 'differs',
  };
}

/** Stories S, loaded for this alone, against PyTorch. */
async function forwardCheck(context: PipelineContext): Promise<Check> {
  const catalog = await fetchCatalog(context.baseUrl, context.signal);
  const model = await context.runtime.load(resolveModel(catalog, KNOWN.model, 'fp32', context.baseUrl).source, {
    signal: context.signal,
  });
  try {
    const name = message('verify.device.known', { model: KNOWN.model });
    const ids = model.tokenizer.encode(KNOWN.text);
    if (ids.join() !== KNOWN.ids.join())
      return {
        name,
        expected: message('verify.tokens', { ids: KNOWN.ids.join(' ') }),
        actual: message('verify.tokens', { ids: ids.join(' ') }),
        verdict: 'differs',
      };
    const found = logSoftmax(await model.nextTokenLogits({ rows: [{ ids }], sites: [] }));
    const worst = Math.max(...KNOWN.logProbs.map(([id, logProb]) => Math.abs(found[id] - logProb)));
    return {
      name,
      expected: message('verify.device.within', { tolerance: FORWARD_TOLERANCE }),
      actual: message('verify.device.largest', { difference: worst.toExponential(1) }),
      verdict: worst <= FORWARD_TOLERANCE ? 'reproduced' : 'differs',
    };
  } finally {
    await model.dispose();
  }
}
