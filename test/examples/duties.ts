import { textOf, type Company } from './company.ts'

const duty = (code: string, zh: string, en: string) => ({ code, title: { 'zh-CN': zh, en } })

/** What one person may not do together: the rules, who violates them, and an exception. */
export async function duties(company: Company): Promise<void> {
  const { play } = company
  const as = 'SYSADM'
  await play.show('listSodRuleSets', 'What is in force from the first day', {
    as,
    query: { inForce: true, limit: 10 },
  })
  const rules = {
    duties: [
      duty('JOURNAL-ENTRY', '日记账录入', 'Journal entry'),
      duty('JOURNAL-POSTING', '日记账过账', 'Journal posting'),
    ],
    pairs: [{ first: 'JOURNAL-ENTRY', second: 'JOURNAL-POSTING' }],
    carriers: [
      { kind: 'ebs-responsibility', name: 'SQLGL|HD_KEY_USER|STANDARD', duty: 'JOURNAL-ENTRY' },
      { kind: 'role', name: 'KEY_USER', duty: 'JOURNAL-POSTING' },
    ],
  }
  await play.show('simulateSodRules', 'Who would violate other rules', { as, body: { rules } })
  const proposed = await play.show('proposeSodRules', 'They take a second person', {
    as,
    body: { ...rules, reason: '内控部不相容岗位清单第2版。' },
  })
  const { ruleSetId } = proposed.body.body as { ruleSetId: string }
  await play.show('readSodRuleSet', 'What the second person looks at', {
    as: 'SECADM',
    path: { id: ruleSetId },
  })
  const agree = (id: string) =>
    play.call('approveIdentityProposal', {
      as: 'SECADM',
      path: { id },
      body: { reason: '同意。' },
    })
  await agree(textOf(proposed.body, 'id'))
  const found = await play.show('listSodViolations', 'Who holds both since before the rules', {
    as: 'SECADM',
    query: { state: 'open', limit: 10 },
    shownBy: ['personId'],
  })
  const [first] = found.body.items as readonly { readonly personId: string }[]
  const personId = String(first?.personId)
  await play.show('checkDuties', 'What a position would add for somebody', {
    as: 'SECADM',
    body: { personId, positionCode: 'GL-CLERK' },
  })
  const asked = await play.show('askSodException', 'One who does both for a quarter', {
    as,
    body: {
      personId,
      first: 'JOURNAL-ENTRY',
      second: 'JOURNAL-POSTING',
      ownerPersonId: company.member('H20005').id,
      compensatingControl: '财务经理每周复核其过账的全部凭证。',
      endsAt: '2026-05-31T16:00:00Z',
      reason: '关键用户兼岗,新人到岗前过渡。',
    },
  })
  await agree(textOf(asked.body, 'id'))
  await play.show('listSodExceptions', 'Who may hold both, until when, and who answers for it', {
    as: 'SECADM',
    query: { personId, limit: 10 },
  })
}
