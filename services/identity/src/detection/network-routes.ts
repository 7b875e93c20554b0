import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Code } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { createOnce, type Committer } from '@erp-steward/service-kit/commit'
import { inOrder } from '@erp-steward/service-kit/list-rows'
import { byText } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposalCreated } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import { listRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import { assertNetwork, ListedNetwork, listNetwork, NetworkEntity, NetworkView } from './network.ts'

const networks = '/v1/networks'
const clauses = ['A-2.1.6', 'A-2.2.2']
const tags = ['account cases']

/** Where the networks of the site are, and which of their addresses many people share. */
export function networkRoutes(app: App, deps: Committer): void {
  const { db } = deps
  const read = { access: 'network.read', clauses, tags } as const

  app.post(networks, {
    config: { access: 'network.propose', once: true, clauses },
    schema: {
      operationId: 'proposeNetwork',
      problems: ['administrator-unnamed', 'proposal-pending'],
      summary:
        'Proposes where a network is, and whether many share its addresses (202); the security administrator approves it.',
      description:
        'By its code it is listed, or listed otherwise. Of several networks with an address the smallest counts. Until one is listed, what meets at one address opens cases and shuts nobody.',
      tags,
      body: ListedNetwork,
      response: { 202: ProposalView },
    },
    handler: (request, reply) =>
      createOnce(deps, request, reply, async (tx, act) => {
        const { body } = request
        assertNetwork(body)
        const { reason } = body
        const made = await propose(tx, 'identity', listNetwork, { body, reason }, act)
        return proposalCreated(request, 'identity', listNetwork, made)
      }),
  })

  listRoute(app, networks, {
    ...read,
    operationId: 'listNetworks',
    summary: 'Every network that was listed, by code.',
    row: NetworkView,
    sorting: byText('code'),
    list: (stretch) => inOrder(db.manager, NetworkEntity, 'code', stretch, {}),
  })

  readRoute(app, `${networks}/:code`, {
    ...read,
    operationId: 'readNetwork',
    problems: ['not-found'],
    summary: 'One network.',
    params: { code: about(Code, 'What it is called.') },
    answer: NetworkView,
    read: async ({ params: { code } }) => {
      const found = await db.manager.findOneBy(NetworkEntity, { code })
      if (found === null)
        throw new Problem('not-found', said(`There is no network ${code}.`, `没有网络 ${code}。`))
      return found
    },
  })
}
