/** One fact, or a word of the stream about itself, as a server-sent event. Source: HTML, 9.2.6. */
export function frame(position: number, event: string, data: string): string {
  return `id: ${String(position)}\nevent: ${event}\ndata: ${data}\n\n`
}

/**
 * Where the reader would go on, without an event: a fact that does not concern the reader moves the position, too, and a
 * line that waits for the next fact must not look dead.
 */
export function positionFrame(position: number): string {
  return `id: ${String(position)}\n\n`
}

/** The first lines: how long a reader waits before it comes back, in milliseconds, and from where. */
export function firstFrame(position: number, retryMs: number): string {
  return `retry: ${String(retryMs)}\n${positionFrame(position)}`
}
