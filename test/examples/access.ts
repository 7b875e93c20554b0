import { textOf, type Company } from './company.ts'
import type { Body } from './play.ts'

/** What somebody gets beside the position for a time: asked for, approved by three, refused, taken back. */
export async function access(company: Company): Promise<void> {
  const { play } = company
  const keyUser = company.who('H20002')
  const leader = company.who('H20001')
  const form = {
    kind: 'temporary',
    personId: company.member('H20003').id,
    grants: [{ kind: 'ebs-responsibility', name: 'SQLGL|HD_GL_REPORT|STANDARD' }],
    endsAt: '2026-03-31T16:00:00Z',
    moduleCode: 'GL',
    riskAnalysis: '仅可查询本单位总账报表，不能过账。',
    reason: '配合季度审计，临时查询总账报表。',
  }
  const ask = async () => (await play.call('requestAccess', { as: keyUser, body: form })).body
  const asked = await play.show('requestAccess', 'A report for the weeks of the audit', {
    as: keyUser,
    body: form,
  })
  const path = { id: textOf(asked.body, 'id') }
  const shorter = await play.show('changeAccessRequest', 'A week less is enough', {
    as: keyUser,
    path,
    body: { ...form, endsAt: '2026-03-24T16:00:00Z' },
  })
  const digest = textOf(shorter.body, 'digest')
  await play.show('approveAccessRequest', 'The leader of the unit, as it reads now', {
    as: leader,
    path,
    body: { digest },
  })
  for (const as of [company.who('H10011'), 'SECADM'])
    await play.call('approveAccessRequest', { as, path, body: { digest } })
  await play.show('readAccessRequest', 'In force here; EBS has not read it back yet', {
    as: leader,
    path,
  })
  const pathOf = (request: Body) => ({ id: textOf(request, 'id') })
  await play.show('rejectAccessRequest', 'The leader does not agree', {
    as: leader,
    path: pathOf(await ask()),
    body: { reason: '已有同类临时权限。' },
  })
  await play.show('withdrawAccessRequest', 'Who asked thinks better of it', {
    as: keyUser,
    path: pathOf(await ask()),
    body: { reason: '不再需要。' },
  })
  await play.show('listAccessRequests', 'What was asked for and does not wait any more', {
    as: leader,
    query: { state: 'rejected', limit: 10 },
  })
}
