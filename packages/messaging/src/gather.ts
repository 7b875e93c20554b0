interface Waiting<Piece, Result> {
  readonly piece: Piece
  readonly resolve: (result: Result | Promise<Result>) => void
}

/**
 * Lets pieces of work share a transaction: what arrives while all lanes are at work waits, and goes into the next
 * together. So nothing waits for company, and the busier it is the more share.
 *
 * @param most pieces that share at most
 * @param lanes transactions at once
 * @param share does the pieces together, all or none, and answers in their order
 * @param alone does one piece by itself: one that has no company, and each of those that failed together
 */
export function gather<Piece, Result>(
  { most, lanes }: { readonly most: number; readonly lanes: number },
  share: (pieces: readonly Piece[]) => Promise<readonly Result[]>,
  alone: (piece: Piece) => Promise<Result>,
): (piece: Piece) => Promise<Result> {
  const waiting: Waiting<Piece, Result>[] = []
  let atWork = 0

  async function work() {
    atWork += 1
    // Whoever calls more than once in one go is to find company.
    await Promise.resolve()
    while (waiting.length > 0) {
      const batch = waiting.splice(0, most)
      const results =
        batch.length === 1 ? null : await share(batch.map(({ piece }) => piece)).catch(() => null)
      // Not waited for: a piece that is tried again and again does not hold up what comes after.
      for (const [at, { piece, resolve }] of batch.entries()) resolve(results?.[at] ?? alone(piece))
    }
    atWork -= 1
  }

  return (piece) => {
    const { promise, resolve } = Promise.withResolvers<Result>()
    waiting.push({ piece, resolve })
    if (atWork < lanes) void work()
    return promise
  }
}
