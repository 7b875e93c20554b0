import {
  FRAME_BYTES,
  headerTag,
  newHeader,
  objectKey,
  sealFrame,
  type Content,
} from './container.ts'

/** Which of the agent's keys, under the name that objects carry. */
export interface NamedKey {
  readonly id: string
  /** 32 bytes. */
  readonly bytes: Buffer
}

/** The bytes of a sealed object that holds `plain`: header, then frames. The last frame may be empty. */
export async function* seal(
  plain: AsyncIterable<Buffer>,
  { id, bytes }: NamedKey,
  content: Content,
): AsyncGenerator<Buffer, void, void> {
  const header = newHeader(content, id)
  const key = objectKey(bytes, header)
  yield header.bytes
  yield headerTag(key, header)

  // Whether a frame is the last one is part of it, so a full frame waits until more has come.
  const frame = Buffer.allocUnsafeSlow(FRAME_BYTES)
  let filled = 0
  let index = 0
  for await (const chunk of plain) {
    for (let at = 0; at < chunk.length;) {
      if (filled === FRAME_BYTES) {
        yield* sealFrame(key, index++, false, frame)
        filled = 0
      }
      const taken = chunk.copy(frame, filled, at)
      filled += taken
      at += taken
    }
  }
  yield* sealFrame(key, index, true, frame.subarray(0, filled))
}
