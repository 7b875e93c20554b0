import { firstOf, textOf, type Company } from './company.ts'

/** What the daily look over all accounts finds: here a name that tells of a use and of no person. */
export async function accountFindings(company: Company): Promise<void> {
  const { play } = company
  await play.call('joinPerson', {
    as: 'hr-sync',
    body: {
      employeeNumber: 'H20088',
      name: '许可',
      unitCode: 'HD-SZ',
      departmentCode: 'FIN',
      positionCode: 'AP-CLERK',
      accountUserName: 'TRAIN01',
    },
  })
  await play.stage.run('identity', 'look-over-accounts')
  const found = await play.show('listAccountFindings', 'Names that tell of no person', {
    as: 'SECADM',
    query: { kind: 'generic-name', state: 'open', limit: 10 },
  })
  const path = { id: textOf(firstOf(found), 'id') }
  await play.show('readAccountFinding', 'One of them, with the version to accept it by', {
    as: 'SECADM',
    path,
  })
  await play.show('acceptAccountFinding', 'It stays until the training is over', {
    as: 'SECADM',
    path,
    body: { until: '2026-04-30T16:00:00Z', reason: '培训账号，四月底停用。' },
  })
}
