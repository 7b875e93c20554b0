import type { FastifyRequest } from 'fastify'

/** As the browser says, without what could forge a line of a log; `null` when it says nothing. */
export function userAgentOf({ headers }: FastifyRequest): string | null {
  const agent = headers['user-agent']?.replaceAll(/[^\x20-\x7e]/g, '').slice(0, 300)
  return agent === undefined || agent === '' ? null : agent
}
