import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { codeOf, WorkFailed } from '../work-failed.ts'
import type { Watch } from './examine.ts'
import type { Content } from './container.ts'
import { openStored, type Keys } from './frames.ts'

/**
 * What a sealed object holds, frame by frame, each proven before it is given out; after the last one the SHA-256 of
 * the whole object is compared with `digest`.
 *
 * @throws WorkFailed `digest` when it is missing, damaged, of another content or another object; `refused` without its key
 */
export async function* unseal(
  path: string,
  keys: Keys,
  { content, digest }: { readonly content: Content; readonly digest: string },
  { signal, onBytes }: Watch,
): AsyncGenerator<Buffer, void, void> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') throw new WorkFailed('digest', 'the object is not there')
    throw error
  })
  try {
    const stored = await openStored(file, keys)
    if (stored.header === null)
      throw new WorkFailed('digest', 'it does not begin with a known header')
    if (!stored.hasKey)
      throw new WorkFailed(
        'refused',
        `key ${stored.header.keyId} is not in the settings of this agent`,
      )
    if (stored.header.content !== content)
      throw new WorkFailed('digest', `the object holds ${stored.header.content}, not ${content}`)
    const hash = createHash('sha256')
    for await (const { bytes, plain, damage } of stored.pieces()) {
      signal.throwIfAborted()
      if (damage !== null) throw new WorkFailed('digest', damage)
      hash.update(bytes)
      onBytes(bytes.length)
      if (plain !== null && plain.length > 0) yield plain
    }
    if (hash.digest('hex') !== digest)
      throw new WorkFailed(
        'digest',
        'every frame opens, but the SHA-256 is another one: it is another object',
      )
  } finally {
    await file.close()
  }
}
