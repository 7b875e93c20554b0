import { createHash } from 'node:crypto'

/** A document as it is sent, and its entity tag. */
export interface Written {
  readonly text: string
  /** Weak: the text may leave compressed. */
  readonly tag: string
}

/** A document that stays as it is while the process runs, written when it is first asked for. */
export function writtenOnce(write: () => string): () => Written {
  let kept: Written | undefined
  return () => {
    if (kept === undefined) {
      const text = write()
      kept = { text, tag: `W/"${createHash('sha256').update(text).digest('base64url')}"` }
    }
    return kept
  }
}
