declare module 'pg-copy-streams' {
  import type { Writable } from 'node:stream'
  import type { Submittable } from 'pg'

  /** A query that `client.query` answers with itself: write the rows into it. */
  export function from(text: string): Submittable & Writable
}
