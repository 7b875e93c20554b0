/** Bytes of randomness in a token. */
export const SECRET_BYTES = 32

const FORM = /^erpm_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})_[\w-]{43}$/

/** The token a source sends: it names the source, so that one row decides. */
export function sourceToken(sourceId: string, secret: Buffer): string {
  return `erpm_${sourceId}_${secret.toString('base64url')}`
}

/** The source a token claims to be of; `null` when the text is no token of ours. */
export function sourceIdOf(token: string): string | null {
  return FORM.exec(token)?.[1] ?? null
}
