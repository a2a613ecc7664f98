import { wordsOf } from '../i18n/text';
import { expect, test } from 'vitest';
import { LabError } from '../experiment/errors';
import { chooseBackend } from './backend';
import { saying } from '../i18n/testing';

const real = { available: true, name: 'NVIDIA', software: false };
const software = { available: true, name: 'SwiftShader', software: true };
const none = { available: false, name: '', software: false };

test.each([
  ['auto', real, 'webgpu', 'auto', 'WebGPU on NVIDIA.'],
  ['auto', software, 'wasm', 'auto', 'SwiftShader'],
  ['auto', none, 'wasm', 'auto', 'no WebGPU adapter'],
  ['wasm', real, 'wasm', 'user', 'as asked'],
  ['webgpu', software, 'webgpu', 'user', 'slow'],
] as const)('%s, %o: %s', (choice, adapter, backend, chosenBy, reason) => {
  const decision = chooseBackend(choice, adapter);
  expect(decision).toMatchObject({ backend, chosenBy });
  expect(wordsOf('en').say(decision.reason)).toContain(reason);
});

test('WebGPU that was asked for is never replaced', () => {
  const forced = (): unknown => chooseBackend('webgpu', none);
  expect(forced).toThrow(LabError);
  expect(forced).toThrow(saying('no adapter'));
  const reason = new LabError('webgpu-missing.browser');
  expect(() => chooseBackend('webgpu', { ...none, reason })).toThrow(reason);
});
