import { expect, test } from 'vitest';
test('a WebGPU adapter answers', async () => {
  const a = await navigator.gpu?.requestAdapter();
  expect(a).toBeTruthy();
  console.log(a!.info.vendor, a!.info.architecture, a!.info.description);
});
