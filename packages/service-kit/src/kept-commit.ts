import pg from 'pg'

/**
 * A connection whose `COMMIT` fails when the server answers it with `ROLLBACK`.
 *
 * PostgreSQL does that, without an error, to a transaction with a failed statement whose error somebody caught. `pg` 8.23
 * and TypeORM 1.1 fulfil the promise all the same: the caller would be told 201 of what does not exist.
 */
export class KeptCommitClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config)
    const send = this.query.bind(this) as (...args: unknown[]) => unknown
    const checked = (...args: unknown[]): unknown => {
      const answer = send(...args)
      return args[0] === 'COMMIT' && answer instanceof Promise ? answer.then(kept) : answer
    }
    this.query = checked as typeof this.query
  }
}

function kept(result: pg.QueryResult): pg.QueryResult {
  if (result.command === 'ROLLBACK') {
    throw new Error('A statement of this transaction had failed; nothing of it was kept.')
  }
  return result
}
