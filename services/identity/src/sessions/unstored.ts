import type { FastifyReply } from 'fastify'

/** Marks an answer that carries a secret: nobody on the way may keep it. */
export function unstored<Reply extends Pick<FastifyReply, 'header'>>(reply: Reply): Reply {
  void reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
  return reply
}
