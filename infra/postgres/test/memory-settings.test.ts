import { expect, test } from '@jest/globals'
import { memorySettings } from '../src/memory-settings.ts'

const GIB = 1_073_741_824

test.each([
  [1, ['16MB', '16MB', '512MB']],
  [4, ['16MB', '16MB', '2048MB']],
  [8, ['32MB', '32MB', '4096MB']],
  [24, ['96MB', '96MB', '12288MB']],
  [256, ['128MB', '128MB', '131072MB']],
])(
  'a machine of %i GiB gives the server its share, within bounds',
  (gib, [shared, work, cache]) => {
    expect(memorySettings(gib * GIB)).toEqual({
      shared_buffers: shared,
      maintenance_work_mem: work,
      effective_cache_size: cache,
    })
  },
)
