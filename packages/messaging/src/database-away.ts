/** SQLSTATE and system codes of a PostgreSQL that ends sessions, starts, has no room for more or cannot be reached. */
const AWAY = new Set('ECONNREFUSED ECONNRESET 57P01 57P02 57P03 08006 08001 53300'.split(' '))

/** Whether PostgreSQL went away or refuses new sessions: an outage, worth a retry, not a bug. */
export function isDatabaseAway(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: unknown; message?: unknown }
  return (
    AWAY.has(String(code)) ||
    /Connection terminated|timeout exceeded when trying to connect/.test(String(message))
  )
}
