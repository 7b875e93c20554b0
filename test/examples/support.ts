import { itemsOf, textOf, type Company } from './company.ts'

/** The three tiers of support: who stands in them, when they work, and how a ticket goes through them. */
export async function support(company: Company): Promise<void> {
  await tiers(company)
  await workingTime(company)
  await webhooks(company)
  await question(company)
  await outage(company)
}

export async function tiers(company: Company): Promise<void> {
  const { play } = company
  const as = company.who('H10011')
  const unitId = company.unit('HD-SZ')
  const first = await play.show('nominateKeyUser', 'A key user of the factory for the ledger', {
    as,
    body: {
      personId: company.member('H20002').id,
      tier: 'L1',
      kind: 'MODULE',
      unitId,
      moduleCode: 'GL',
    },
  })
  await play.call('nominateKeyUser', {
    as,
    body: {
      personId: company.member('H10013').id,
      tier: 'L2',
      kind: 'MODULE',
      unitId: null,
      moduleCode: 'GL',
    },
  })
  await play.show('listKeyUsers', 'Who stands where', { as, query: { tier: 'L1', limit: 10 } })
  await play.show('readKeyUserCoverage', 'Where nobody stands', {
    as,
    shownBy: ['unitId', 'tier', 'kind', 'moduleCode'],
  })
  await play.show('removeKeyUser', 'Somebody else takes the duty over', {
    as,
    path: { id: textOf(first.body, 'id') },
    body: { reason: '岗位调整。', successorPersonId: company.member('H20001').id },
  })
  await play.call('nominateKeyUser', {
    as,
    body: {
      personId: company.member('H20002').id,
      tier: 'L1',
      kind: 'MODULE',
      unitId,
      moduleCode: 'GL',
    },
  })
  await play.show('nameSuperiors', 'Who is called when an outage lasts', {
    as: 'SYSADM',
    path: { step: 'department-head' },
    ifMatch: '"0"',
    body: { personIds: [company.member('H10011').id], reason: '应急通讯录2026版。' },
  })
  await play.show('listSuperiors', 'Every step', { as })
}

export async function workingTime(company: Company): Promise<void> {
  const { play } = company
  const as = 'SYSADM'
  const scope = company.unit('HD-SZ')
  await play.show('readCalendar', 'When the factory works', { as, path: { scope } })
  const proposed = await play.show('setCalendar', 'Round the clock, if another person agrees', {
    as,
    path: { scope },
    body: { definition: { kind: 'continuous' }, reason: '月结期间三班倒。' },
  })
  await company.approved('IncidentTiering', proposed, company.who('H10012'))

  await play.show('listHolidayYears', 'Years whose holidays are loaded', { as })
  const loading = await play.show('loadHolidayYear', 'The days of a paper of the State Council', {
    as,
    path: { year: '2027' },
    ifMatch: '"0"',
    body: {
      paper: '国办发明电〔2026〕示例号',
      paperDate: '2026-03-01',
      days: {
        holidays: { '2027-01-01': '元旦', '2027-05-01': '劳动节', '2027-10-01': '国庆节' },
        makeUpDays: { '2027-01-03': '元旦' },
      },
      reason: '虚构的放假安排，仅作示例。',
    },
  })
  await company.approved('IncidentTiering', loading, company.who('H10011'))
  await play.show('readHolidayYear', 'One year', { as, path: { year: '2027' } })
}

export async function webhooks(company: Company): Promise<void> {
  const { play } = company
  const as = 'SYSADM'
  const secret = `whsec_${Buffer.alloc(32, 'example').toString('base64')}`
  const hook = await play.show('registerWebhook', 'A chat room is told of tickets', {
    as,
    body: {
      url: 'https://hooks.example.test/erp-steward',
      unitId: company.unit('HD-SZ'),
      secret,
    },
  })
  await play.show('listWebhooks', 'Who is told', { as, query: { limit: 10 } })
  await play.show('replaceWebhookSecret', 'A new secret; the one before signs too for a day', {
    as,
    path: { id: textOf(hook.body, 'id') },
    body: { secret: `whsec_${Buffer.alloc(32, 'another').toString('base64')}`, overlapHours: 24 },
  })
  await play.show('switchWebhook', 'Not for now', {
    as,
    path: { id: textOf(hook.body, 'id') },
    body: { active: false },
  })
}

export async function question(company: Company): Promise<void> {
  const { play } = company
  const [clerk, first, second] = ['H20003', 'H20002', 'H10013'].map((number) => company.who(number))
  if (clerk === undefined || first === undefined || second === undefined) return
  const opened = await play.show('openTicket', 'An accountant does not get on', {
    as: clerk,
    body: {
      title: '凭证无法过账',
      description: '过账时提示“期间未打开”，2026-03 总账期间应为打开状态。',
      category: 'fault',
      priority: 'P3',
      unitId: company.unit('HD-SZ'),
      moduleCode: 'GL',
    },
  })
  const path = { id: textOf(opened.body, 'id') }
  await play.show('listTickets', 'What is open', {
    as: first,
    query: { state: 'open', limit: 10 },
  })
  await play.show('readTicket', 'One ticket, with the version to change it by', { as: first, path })
  await play.show('acknowledgeTicket', 'The key user of the factory takes it', { as: first, path })
  await play.show('noteTicketProgress', 'What is being done', {
    as: first,
    path,
    body: { note: '已核对职责与账簿，期间状态为“未来可输入”。' },
  })
  await play.show('escalateTicket', 'One tier up, with what was found', {
    as: first,
    path,
    body: { analysis: '需要公司级职责打开期间，工厂无权限。' },
  })
  await play.call('acknowledgeTicket', { as: second, path })
  await play.show('resolveTicket', 'It works again', {
    as: second,
    path,
    body: { resolution: '已打开 2026-03 总账期间，用户可正常过账。' },
  })
  await play.show('confirmTicket', 'Who asked agrees', {
    as: clerk,
    path,
    body: { accepted: true, comment: '已过账，谢谢。' },
  })
  await play.show('explainTicketClocks', 'How each deadline came about', {
    as: first,
    path,
    shownBy: ['kind', 'tier', 'dueAt'],
  })
  await play.show('readTicketTimeline', 'What happened when', { as: first, path })
  const told = await play.show('listNotifications', 'Who was told, and whether it arrived', {
    as: 'SYSADM',
    query: { ticketId: path.id, limit: 50 },
    shownBy: ['createdAt', 'occasion', 'recipient'],
  })
  const lost = itemsOf(told).find(({ occasion }) => occasion === 'resolved')
  await play.show('resendNotification', 'Once more, now that the mail server is back', {
    as: 'SYSADM',
    path: { id: textOf(lost ?? {}, 'id') },
  })
}

export async function outage(company: Company): Promise<void> {
  const { play } = company
  const [clerk, first, second] = ['H20003', 'H20002', 'H10013'].map((number) => company.who(number))
  if (clerk === undefined || first === undefined || second === undefined) return
  const opened = await play.call('openTicket', {
    as: clerk,
    body: {
      title: '总账模块全部无法登录',
      description: '全厂用户点击总账职责即报错。',
      category: 'fault',
      priority: 'P1',
      unitId: company.unit('HD-SZ'),
      moduleCode: 'GL',
    },
  })
  const path = { id: textOf(opened.body, 'id') }
  await play.show('reassignTicket', 'The authority hands it to a tier', {
    as: company.who('H10011'),
    path,
    body: { tier: 'L2', reason: '影响全厂，直接转公司级关键用户。' },
  })
  await play.call('acknowledgeTicket', { as: second, path })
  await play.call('resolveTicket', {
    as: second,
    path,
    body: { resolution: '已重启表单服务，登录恢复。' },
  })
  await play.call('confirmTicket', {
    as: clerk,
    path,
    body: { accepted: true, comment: null },
  })
  await play.show('reportTicketRootCause', 'Why it could happen, for the file', {
    as: second,
    path,
    body: { report: '表单服务日志分区写满；已加清理任务并纳入每日巡检。' },
  })
}
