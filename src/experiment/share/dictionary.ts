/**
 * What deflate has read before a link of version 2 begins: a document of the default experiment without its numbers. Most
 * of a document is names, and those of this text cost next to nothing. Part of the format: links are unreadable by any
 * other text, so it never changes; a version 3 would have its own.
 */
import { utf8ToBytes } from '@noble/hashes/utils.js';

const TEXT = [
  '{"claims":[{"id":"verdict","tolerance":{"basis":"exact","value":0},"value":0},{"id":"layer.source","tole',
  'rance":{"basis":"exact","value":0},"value":0},{"id":"layer.target","tolerance":{"basis":"exact","value":',
  '0},"value":0},{"id":"map.lambda","tolerance":{"basis":"exact","value":0},"value":0},{"id":"map.r2","tole',
  'rance":{"basis":"arithmetic","value":0.002},"value":0},{"id":"map.shuffled","tolerance":{"basis":"arithm',
  'etic","value":0.002},"value":0},{"id":"map.cosine","tolerance":{"basis":"arithmetic","value":0.002},"val',
  'ue":0},{"id":"vector.cosine","tolerance":{"basis":"arithmetic","value":0.002},"value":0},{"id":"dose.r",',
  '"tolerance":{"basis":"exact","value":0},"value":0},{"id":"transfer.share","interval":[],"tolerance":{"ba',
  'sis":"interval","value":0.43},"value":0},{"id":"rate.small.none","interval":[],"n":128,"tolerance":{"bas',
  'is":"two-samples","value":0.21},"value":0},{"id":"rate.large.none","interval":[],"n":128,"tolerance":{"b',
  'asis":"two-samples","value":0.21},"value":0},{"id":"rate.small-steered.positive","interval":[],"n":64,"t',
  'olerance":{"basis":"two-samples","value":0.21},"value":0},{"id":"rate.small-steered.negative","interval"',
  ':[],"n":64,"tolerance":{"basis":"two-samples","value":0.18},"value":0},{"id":"rate.mapped.positive","int',
  'erval":[],"n":64,"tolerance":{"basis":"two-samples","value":0.22},"value":0},{"id":"kl.mapped.positive",',
  '"tolerance":{"basis":"arithmetic","value":0.0093},"value":0},{"id":"rep3.mapped.positive","tolerance":{"',
  'basis":"repetition","value":0.06},"value":0},{"id":"rate.mapped.negative","interval":[],"n":64,"toleranc',
  'e":{"basis":"two-samples","value":0.23},"value":0},{"id":"kl.mapped.negative","tolerance":{"basis":"arit',
  'hmetic","value":0.0095},"value":0},{"id":"rep3.mapped.negative","tolerance":{"basis":"repetition","value',
  '":0.06},"value":0},{"id":"rate.native.positive","interval":[],"n":64,"tolerance":{"basis":"two-samples",',
  '"value":0.21},"value":0},{"id":"rate.native.negative","interval":[],"n":64,"tolerance":{"basis":"two-sam',
  'ples","value":0.21},"value":0},{"id":"rate.random.positive","interval":[],"n":128,"tolerance":{"basis":"',
  'two-samples","value":0.21},"value":0},{"id":"rate.random.negative","interval":[],"n":128,"tolerance":{"b',
  'asis":"two-samples","value":0.21},"value":0},{"id":"rate.shuffled.positive","interval":[],"n":64,"tolera',
  'nce":{"basis":"two-samples","value":0.29},"value":0},{"id":"rate.shuffled.negative","interval":[],"n":64',
  ',"tolerance":{"basis":"two-samples","value":0.28},"value":0}],"concept":{"negative":"gloomy","positive":',
  '"cheerful","title":"Mood: cheerful ↔ gloomy"},"evidence":null,"kind":"run","lineage":{"parent":null},"no',
  'te":"","schema":2,"spec":{"experiment":{"concept":{"id":"mood","kind":"preset"},"corpus":{"heldOutFracti',
  'on":0.2,"id":"stories","maxTokens":16000,"positions":"content","seed":1},"dose":{"chosen":"auto","edgeDo',
  'ses":3,"maxP95Kl":1,"maxPerplexityRatio":1.5,"maxRep3":0.3,"maxUnknownWords":0.01,"stops":[0.25,0.5,0.7,',
  '1,1.5],"wantedRate":0.85},"generation":{"chooseContinuations":16,"continuations":64,"controlDraws":3,"ma',
  'xNewTokens":32,"neutralTexts":10,"randomVectors":5,"seed":7,"temperature":0.8,"topP":0.95},"map":{"folds',
  '":5,"kind":"ridge","lambda":"auto","lambdaRule":"held-out","rank":16,"sourceLayer":"auto","targetLayer":',
  '"auto"},"models":{"alignment":"tokens","source":{"dtype":"fp32","id":"lrt-stories-s"},"target":{"dtype":',
  '"fp32","id":"lrt-stories-l"}},"prompting":{"system":"","template":"plain"},"schema":3,"title":"Stories S',
  ' → Stories L: mood","transfer":{"addBias":false,"also":[],"capPercentile":75,"operation":"add","scope":"',
  'all","scopeTokens":1},"vector":{"maxPairs":64,"method":"difference-of-means","readPosition":"mean"},"ver',
  'dict":{"maxPairsP":0.01,"maxPerplexityRatio":2,"maxRatioG":0.5,"minHeadroom":0.2,"minLift":0.2,"nullDire',
  'ctions":20,"saturation":0.95}},"pins":{"adapter":"","app":"0.1.0","backend":"wasm","corpus":"","kernels"',
  ':"","preset":"","solver":"wasm","source":{"digest":"","files":null,"title":"Stories S"},"target":{"diges',
  't":"","files":null,"title":"Stories L"},"versions":{}}},"view":{"hidden":[],"lesson":null,"mode":"review',
  '"}}',
].join('');

/** The preset dictionary of a link version (RFC 1950, section 2.2, of a raw stream); none in version 1. */
export const dictionaryOf = (version: number): Uint8Array | undefined =>
  version === 1 ? undefined : utf8ToBytes(TEXT);
