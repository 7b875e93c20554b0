import { problems, type ProblemCode } from '@erp-steward/contracts/problems'
import type { App } from '@erp-steward/service-kit/app'
import { answeredProblem } from '@erp-steward/service-kit/problem-details'

/** What every problem document has. */
const ALWAYS = ['type', 'title', 'status', 'code', 'detail', 'instance']

/**
 * Watches the operations declared from now on. Answers how to fail by the problems that one of them answered and does not
 * declare, and by members that the table of problems does not name for their code.
 */
export function watchProblems(app: App): () => void {
  const faults = new Set<string>()
  app.addHook('onSend', (request, reply, payload, done) => {
    const { operationId = '', problems: declared } = request.routeOptions.schema ?? {}
    const { oauth = false, scim = false } = request.routeOptions.config
    // A page for people is no problem document.
    const isPage = String(reply.getHeader('content-type')).startsWith('text/html')
    const answered = answeredProblem(reply)
    if (scim && declared !== undefined && answered !== undefined && !declared.includes(answered))
      faults.add(`${operationId} does not declare ${answered}`)
    if (
      declared !== undefined &&
      !scim &&
      reply.statusCode >= 400 &&
      typeof payload === 'string' &&
      !isPage
    ) {
      const { code, ...members } = JSON.parse(payload) as { readonly code: ProblemCode }
      if (!declared.includes(code)) faults.add(`${operationId} does not declare ${code}`)
      const known: readonly string[] = [
        ...ALWAYS,
        ...(oauth ? ['error', 'error_description'] : []),
        ...problems[code].members,
      ]
      for (const name of Object.keys(members))
        if (!known.includes(name)) faults.add(`${code} does not name ${name}`)
    }
    done(null, payload)
  })
  return () => {
    if (faults.size > 0) throw new Error([...faults].toSorted().join('\n'))
  }
}
