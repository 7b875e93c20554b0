import { EbsSimulator, type EbsCall } from '../../infra/ebs-simulator/src/ebs.ts'
import { doOnce } from '../../infra/ebs-simulator/src/is-done.ts'
import { claimCode, firstOf, itemsOf, textOf, type Company } from './company.ts'
import type { Answer, Body } from './play.ts'

/** Who comes with the list of the personnel department: number, name, unit, department, position. */
const LIST = [
  'H10011,王建国,HD-HQ,OM,ERP-OM,wang.jianguo@hd.example.test',
  'H10012,李娜,HD-HQ,OM,ERP-OM,li.na@hd.example.test',
  'H10013,赵敏,HD-HQ,OM,KEY-USER,zhao.min@hd.example.test',
  'H20001,张伟,HD-SZ,FIN,FIN-OWNER,zhang.wei@hd.example.test',
  'H20002,刘洋,HD-SZ,FIN,KEY-USER,liu.yang@hd.example.test',
  'H20004,吴强,HD-SZ,PUR,GL-CLERK,wu.qiang@hd.example.test',
  'H20005,郑爽,HD-SZ,FIN,GL-CLERK,zheng.shuang@hd.example.test',
  'H90001,何军,HD-HQ,OM,ERP-PROVIDER,he.jun@provider.example.test',
]

/** People are taken in, get their EBS users and their passwords, move and leave. */
export async function people(company: Company): Promise<void> {
  await takeIn(company)
  await provision(company)
  await passwords(company)
  await accounts(company)
  await movers(company)
  await reconcile(company)
}

async function takeIn(company: Company): Promise<void> {
  const { play } = company
  const as = 'hr-sync'
  const joined = await play.show('joinPerson', 'A new accountant of the factory, with an account', {
    as,
    body: {
      employeeNumber: 'H20003',
      name: '孙丽',
      unitCode: 'HD-SZ',
      departmentCode: 'FIN',
      positionCode: 'AP-CLERK',
      email: 'sun.li@hd.example.test',
    },
  })
  const path = { id: textOf(joined.body, 'id') }
  await play.show('readPerson', 'One person, with the version to change them by', { as, path })
  await play.show('changePerson', 'A new address', {
    as,
    path,
    body: { email: 'li.sun@hd.example.test' },
  })
  const list = ['employeeNumber,name,unitCode,departmentCode,positionCode,email', ...LIST, ''].join(
    '\n',
  )
  await play.show('importPersons', 'What a list of the personnel department would do', {
    as,
    query: { mode: 'all-or-none', dryRun: true },
    contentType: 'text/csv',
    body: list,
  })
  await play.show('importPersons', 'The same list, for real', {
    as,
    query: { mode: 'all-or-none' },
    contentType: 'text/csv',
    body: list,
  })
  await longList(company)
  await play.show('listPersons', 'Who has the employee number?', {
    as,
    query: { employeeNumber: 'H20003', limit: 10 },
  })
  await play.show('listAccounts', 'The account of a person', {
    as,
    query: { personId: path.id, limit: 10 },
  })
  for (const number of ['H20003', ...LIST.map((line) => line.slice(0, 6))])
    await company.meet(number)
  await play.show('readAccount', 'One account, with the version to freeze it by', {
    as: 'SECADM',
    path: { id: company.member('H20003').accountId },
  })
}

/** A list that is too long to wait for; it is of a unit that nobody knows, so nobody is taken in. */
async function longList(company: Company): Promise<void> {
  const { play } = company
  const as = 'hr-sync'
  const rows = Array.from(
    { length: LONG },
    (_, at) => `X${String(at + 1).padStart(5, '0')},临时${String(at + 1)},HD-XX,FIN,AP-CLERK`,
  )
  const queued = await play.call('importPersons', {
    as,
    query: { mode: 'good-rows', dryRun: true },
    contentType: 'text/csv',
    body: ['employeeNumber,name,unitCode,departmentCode,positionCode', ...rows, ''].join('\n'),
  })
  const path = { id: textOf(queued.body, 'importId') }
  await play.show('listPersonImports', 'Long lists of the last weeks', { as, query: { limit: 10 } })
  await play.show('readPersonImport', 'How far a long list is', { as, path })
  await play.show('listPersonImportNotes', 'Which rows were refused, and why', {
    as,
    path,
    query: { limit: 2 },
  })
}

/** One row more than is taken in while the caller waits. */
const LONG = 5_001

interface Task {
  readonly id: string
  readonly leaseToken: string
  readonly call: EbsCall
}

/** The middleware does in EBS what is to be done there, and says what it read back. */
async function provision(company: Company): Promise<void> {
  const { play } = company
  const as = 'ebs-middleware'
  const ebs = new EbsSimulator()
  await play.show('listProvisioningTasks', 'What waits for the middleware', {
    as,
    query: { status: 'queued', limit: 2 },
  })
  const lease = { worker: 'ebs-middleware-1', limit: 1, leaseSeconds: 60 }
  const leased = await play.show('leaseProvisioningTasks', 'Take the next task for a minute', {
    as,
    body: lease,
  })
  const first = taskOf(firstOf(leased))
  await play.show('failProvisioningTask', 'EBS is away: it is tried again later', {
    as,
    path: { id: first.id },
    body: {
      leaseToken: first.leaseToken,
      code: 'ORA-12541',
      message: 'TNS: no listener',
    },
  })
  const next = await play.call('leaseProvisioningTasks', { as, body: lease })
  const second = taskOf(firstOf(next))
  await play.show('renewProvisioningLease', 'It takes longer than was thought', {
    as,
    path: { id: second.id },
    body: { leaseToken: second.leaseToken, leaseSeconds: 300 },
  })
  await play.show('finishProvisioningTask', 'Done, with what was read back from EBS', {
    as,
    path: { id: second.id },
    body: { leaseToken: second.leaseToken, readBack: doOnce(ebs, second.call) },
  })
  await play.show('readProvisioningTask', 'One task', { as, path: { id: first.id } })
  const third = taskOf(firstOf(await play.call('leaseProvisioningTasks', { as, body: lease })))
  await play.show('failProvisioningTask', 'EBS refuses it for good: a person must look', {
    as,
    path: { id: third.id },
    body: {
      leaseToken: third.leaseToken,
      code: 'FND-RESP-UNKNOWN',
      message: 'EBS 中没有该职责。',
      permanent: true,
    },
  })
  await play.show('retryProvisioningTask', 'What was missing is there now', {
    as: 'SYSADM',
    path: { id: third.id },
  })
  await workOff(company, ebs)
}

/** Everything that is due; what EBS refuses again and again ends as failed. */
export async function workOff(company: Company, ebs = new EbsSimulator()): Promise<void> {
  const { play } = company
  const as = 'ebs-middleware'
  for (;;) {
    const leased = await play.call('leaseProvisioningTasks', {
      as,
      body: { worker: 'ebs-middleware-1', limit: 100, leaseSeconds: 3_600 },
    })
    const tasks = itemsOf(leased).map(taskOf)
    if (tasks.length === 0) {
      const waiting = await play.call('listProvisioningTasks', { as, query: { status: 'queued' } })
      if (itemsOf(waiting).length === 0) return
      await play.pass(5)
    }
    for (const { id, leaseToken, call } of tasks)
      await play.call('finishProvisioningTask', {
        as,
        path: { id },
        body: { leaseToken, readBack: doOnce(ebs, call) },
      })
  }
}

const taskOf = (body: Body) => body as unknown as Task

/** The middleware tells what EBS holds, and what differs is decided. */
async function reconcile(company: Company): Promise<void> {
  const { play } = company
  const as = 'ebs-middleware'
  const { userName } = company.member('H20004')
  await play.call('joinPerson', {
    as: 'hr-sync',
    body: {
      ...{ employeeNumber: 'H30001', name: '赵柳', withAccount: false },
      ...{ unitCode: 'HD-SZ', departmentCode: 'FIN', positionCode: 'AP-CLERK' },
    },
  })
  const opened = await play.show('openEbsUpload', 'EBS was read a moment ago', {
    as,
    body: { takenAt: play.stage.now().toISOString() },
  })
  const path = { id: textOf(opened.body, 'id') }
  const rows = [
    {
      ...{ userName, endDate: null, lastLogonDate: '2026-03-02', validity: 12, roles: [] },
      responsibilities: [
        { application: 'SQLAP', key: 'AP_SUPER_USER', securityGroup: 'STANDARD', endDate: null },
      ],
    },
    {
      ...{ userName: 'ZHAO.LIU', endDate: null, employeeNumber: 'H30001' },
      ...{
        email: 'zhao.liu@hd.example.test',
        description: '赵柳',
        responsibilities: [],
        roles: [],
      },
    },
    { profileOption: 'SIGNON_PASSWORD_LENGTH', value: '5' },
  ]
  await play.show('putEbsUploadPart', 'Two users and a profile option', {
    as,
    path: { ...path, part: 1 },
    contentType: 'application/x-ndjson',
    body: rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
  })
  await play.show('completeEbsUpload', 'That was all', {
    as,
    path,
    body: { accounts: 2, profileOptions: 1 },
  })
  await play.pass(1)
  await play.show('readEbsUpload', 'What was compared, and how much differs', { as, path })
  await play.show('readEbsState', 'Locked in EBS after failed logins', {
    as: 'SECADM',
    path: { id: company.member('H20004').accountId },
  })
  await play.show('listEbsUploads', 'Uploads of the last weeks', { as, query: { limit: 10 } })
  const listed = await play.show('listEbsFindings', 'What EBS gives and nobody approved', {
    as: 'SECADM',
    query: { state: 'open', kind: 'unapproved-grant', limit: 10 },
  })
  const grant = { id: textOf(firstOf(listed), 'id') }
  await play.show('readEbsFinding', 'One difference', { as: 'SECADM', path: grant })
  await play.show('endEbsFinding', 'Given by hand in EBS: it ends there', {
    as: 'SECADM',
    path: grant,
    body: { reason: '系统中直接授予，未经审批。' },
  })
  const missing = await play.call('listEbsFindings', {
    as: 'SECADM',
    query: { state: 'open', kind: 'missing-grant', limit: 10 },
  })
  await play.show('restoreEbsFinding', 'EBS lost what was approved', {
    as: 'SYSADM',
    path: { id: textOf(firstOf(missing), 'id') },
    body: { reason: '克隆环境刷新后丢失。' },
  })
  const asked = await play.show('adoptEbsUsers', 'Whose are the users that nobody knows?', {
    as: 'SYSADM',
    body: { dryRun: false, reason: '首次对账：认领 EBS 既有用户。' },
  })
  const change = { id: textOf(asked.body, 'changeId') }
  await play.call('approveAccountChange', { as: 'SECADM', path: change })
  const set = await play.call('listEbsFindings', {
    as: 'SECADM',
    query: { state: 'open', kind: 'profile-option', limit: 10 },
  })
  await play.show('ignoreEbsFinding', 'Left alone until the window of next week', {
    as: 'SECADM',
    path: { id: textOf(firstOf(set), 'id') },
    body: {
      until: new Date(play.stage.now().getTime() + 7 * 86_400_000).toISOString(),
      reason: '下周变更窗口内修改。',
    },
  })
}

async function passwords(company: Company): Promise<void> {
  const { play } = company
  const { accountId, userName } = company.member('H10011')
  const path = { id: accountId }
  const first = await play.show('issueInitialPassword', 'The first half of a password', {
    as: 'SECADM',
    path,
  })
  const second = await play.show('completeInitialPassword', 'The second half, by another hand', {
    as: 'SYSADM',
    path,
  })
  await company.choosePassword(userName, `${claimCode(first)}-${claimCode(second)}`)
  await play.show('confirmIdentity', 'A third vouches that the owner chose it', {
    as: 'AUDADM',
    path,
    body: { how: '本人持身份证到场核对。' },
  })
  play.signInAnew(userName)
  await play.show('listCredentialResets', 'Whose hands the password went through', {
    as: 'SECADM',
    query: { accountId, limit: 10 },
  })
  await passwordsForMany(company, ['H10012', 'H10013'])
  await passwordsByChannels(company, ['H20002', 'H20003'])
  for (const number of ['H20001', 'H20002', 'H20003', 'H20004', 'H90001'])
    await company.welcome(number)
}

/** The two lists reach the owners by two ways. */
async function passwordsForMany(company: Company, numbers: readonly string[]): Promise<void> {
  const { play } = company
  const accountIds = numbers.map((number) => company.member(number).accountId)
  const body = { accountIds }
  const first = await play.show('issueInitialPasswords', 'The first halves for many', {
    as: 'SECADM',
    body,
  })
  const second = await play.show(
    'completeInitialPasswords',
    'The second halves for the same people, by another hand',
    { as: 'SYSADM', body },
  )
  for (const number of numbers) {
    const { accountId, userName } = company.member(number)
    const half = (answer: Answer) => textOf(met(itemsOf(answer), accountId), 'claimCode')
    await company.choosePassword(userName, `${half(first)}-${half(second)}`)
    await play.call('confirmIdentity', {
      as: 'AUDADM',
      path: { id: accountId },
      body: { how: '本人持身份证到场核对。' },
    })
    play.signInAnew(userName)
  }
}

/** Neither who gives the halves out nor the program that sends one of them on reads a whole password. */
async function passwordsByChannels(company: Company, numbers: readonly string[]): Promise<void> {
  const { play } = company
  await company.employ('sms-gateway', 'DELIVERY_AGENT')
  const accountIds = numbers.map((number) => company.member(number).accountId)
  await play.call('issueInitialPasswords', { as: 'SECADM', body: { accountIds } })
  await play.show('deliverInitialPasswords', 'The second halves, for the program that sends them', {
    as: 'sms-gateway',
    body: { accountIds, sealTo: SMS_KEY },
  })
}

/** Of the program that sends halves by text message; nobody has its private key. */
const SMS_KEY = `-----BEGIN PUBLIC KEY-----
MIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEA5pry+fZ5gYADOEHSCJ0e
lULsuICx+7f5KOsOzzuqU12rr3psPv7eV9Sq+fNmNsLITjl1YPxLo5leWXU15GmX
QRLSpHvL41SX1dDRW085mFn3/SAVg8G1AVuMm/n0lG8dV+c1xp5yaPTin6fLjTTY
lPLnRIrNoczRnJDpknXYv+O8W6wLFr7FK0/O57XZ/o4j7I7cslhfA7LMy4yvHFss
ypdo2fJ7SUjkPFxpGU7sPoMREDjpu210h0HKABB/oScijIVg5OVU0vs3ZRg5zrsa
DxlGxl/dl1tvykcy4sPApgalXWWPcW3AjwlD6SVPPoOlN21XTg7jOq3vCSgJNsQI
425u388CPOr9iKgolgD5Bter+5HoP4aj+b+aV6gCxtMiPpIUaz8Kf75uIUyANw4f
LkmX73b6yGxrYwOAu3wa/183penYtMwP+vVmKqPPFFXYibBRvkULpx8ZZSy3mKS1
72zHggNQZQqspXwu6hRrrEvQhPEehQDbWTC3jF31MPUDAgMBAAE=
-----END PUBLIC KEY-----
`

function met(items: readonly Body[], accountId: string): Body {
  const item = items.find((each) => each.accountId === accountId)
  if (item === undefined) throw new Error(`no half for ${accountId}`)
  return item
}

async function accounts(company: Company): Promise<void> {
  const { play } = company
  const as = 'SECADM'
  const { accountId, userName } = company.member('H20004')
  const path = { id: accountId }
  await play.show('freezeAccount', 'While something is being looked into', {
    as,
    path,
    body: { reason: '疑似账号借用，调查中。' },
  })
  await play.show('unfreezeAccount', 'It was nothing', {
    as,
    path,
    body: { reason: '已澄清：出差期间使用备用电脑。' },
  })
  await play.show('lockDownAccount', 'At once, by the name that somebody called in', {
    as,
    body: { userName, reason: '笔记本电脑被盗。' },
  })
  await play.call('unfreezeAccount', { as, path, body: { reason: '电脑已找回。' } })
  for (let times = 0; times < 15; times += 1) {
    await play.refused('signIn', { body: { userName, password: 'Wrong-Guess-2026!' } })
    if (times % 5 === 4) await play.pass(31)
  }
  await play.show('listSignInLocks', 'Who cannot sign in, and from where', {
    as,
    query: { limit: 10 },
  })
  await play.show('unlockAccount', 'Locked for the third time today, and it was the owner', {
    as,
    path,
    body: { reason: '本人忘记密码，已电话核实。' },
  })
  await play.show('resetEbsPassword', 'Locked in EBS too, which unlocks nobody by itself', {
    as,
    path,
    body: { reason: '本人忘记密码，已电话核实。' },
  })
  company.admit(userName)

  const asked = await play.call('requestAccountChange', {
    as: 'SYSADM',
    body: {
      change: { kind: 'disable-account', accountId: company.member('H20005').accountId },
      reason: '部门申请停用。',
    },
  })
  await play.show('rejectAccountChange', 'The security administrator does not agree', {
    as,
    path: { id: textOf(asked.body, 'id') },
    body: { reason: '缺少部门负责人签字。' },
  })

  const clerk = company.who('H20003')
  const device = await company.setUpFactor(clerk)
  // Signs in with a code of its own first, for a later one makes an earlier one void.
  await play.call('readOwnSecondFactor', { as: clerk })
  await play.show('removeOwnSecondFactor', 'A clerk who does not want it after all', {
    as: clerk,
    body: { code: await company.codeOf(device) },
  })
  company.forgetDevice(clerk)
  const sessions = await play.call('listOwnSessions', { as: clerk })
  await play.show('endOwnSession', 'A session that was left open elsewhere', {
    as: clerk,
    path: { id: textOf(firstOf(sessions), 'id') },
  })
  play.signInAnew(clerk)
  await play.show('listOwnSessions', 'Which of them are over, and why', {
    as: clerk,
    query: { state: 'ended', limit: 2 },
  })
  await play.show('listSessions', 'Who is signed in from this address', {
    as: 'AUDADM',
    query: { sourceIp: '127.0.0.1', state: 'open', limit: 2 },
  })
  const open = await play.call('listSessions', {
    as: 'SECADM',
    query: { accountId: company.member('H20003').accountId, state: 'open', limit: 1 },
  })
  await play.show('endSession', 'Nobody sits at the screen', {
    as: 'SECADM',
    path: { id: textOf(firstOf(open), 'id') },
    body: { reason: '电脑无人看管，已电话告知本人。' },
  })
  play.signInAnew(clerk)
  await play.show('signOut', 'At the end of the day', { as: clerk })
  play.signInAnew(clerk)
}

async function movers(company: Company): Promise<void> {
  const { play } = company
  const as = 'hr-sync'
  const path = { id: company.member('H20005').id }
  await grants(company, path.id)
  await play.show('movePerson', 'To another department and position', {
    as,
    path,
    body: { unitCode: 'HD-SZ', departmentCode: 'PUR', positionCode: 'AP-CLERK' },
  })
  const planned = await play.show('planPerson', 'Somebody moves on the first of next month', {
    as,
    body: {
      kind: 'move',
      effectiveOn: '2026-04-01',
      personId: company.member('H20004').id,
      unitCode: 'HD-SZ',
      departmentCode: 'FIN',
      positionCode: 'GL-CLERK',
    },
  })
  const plan = { id: textOf(planned.body, 'id') }
  await play.show('listPersonPlans', 'Who comes and moves on a later day', {
    as,
    query: { state: 'planned', limit: 10 },
  })
  await play.show('readPersonPlan', 'One plan, and what became of it', { as, path: plan })
  await play.show('withdrawPersonPlan', 'The move is off', { as, path: plan })
  await planAhead(company)
  await play.show('leavePerson', 'Notice of a leave at the end of the month', {
    as,
    path,
    body: { kind: 'resignation', leaveOn: '2026-03-31' },
  })
  await play.show('simulatePersonChange', 'What would become of somebody who leaves', {
    as,
    body: { kind: 'leave', personId: path.id, leaveKind: 'resignation', effectiveOn: '2026-03-31' },
  })
  await departures(company, path.id)
  await play.show('withdrawLeave', 'They stay after all', { as, path })
  await play.call('leavePerson', { as, path, body: { kind: 'resignation' } })
  await play.show('rejoinPerson', 'They are back, with the same number', {
    as,
    path,
    body: { unitCode: 'HD-SZ', departmentCode: 'FIN', positionCode: 'GL-CLERK' },
  })
  const middleware = 'ebs-middleware'
  const lease = { worker: 'ebs-middleware-1', limit: 1, leaseSeconds: 60 }
  const leased = await play.call('leaseProvisioningTasks', { as: middleware, body: lease })
  const { id, leaseToken } = taskOf(firstOf(leased))
  await play.call('failProvisioningTask', {
    as: middleware,
    path: { id },
    body: { leaseToken, code: 'FND-ARCHIVED', message: '用户已归档。', permanent: true },
  })
  await play.show('dropProvisioningTask', 'Somebody has done it by hand', {
    as: 'SYSADM',
    path: { id },
    body: { reason: '已在 EBS 中手工处理，见工单附件。' },
  })
}

/** The head of the unit that was left tells of the move, and it is seen who told of what. */
async function departures(company: Company, personId: string): Promise<void> {
  const { play } = company
  const as = company.who('H20001')
  const told = await play.show('tellDeparture', 'The head of the unit tells of a move', {
    as,
    body: { kind: 'move', personId, effectiveOn: '2026-03-02' },
  })
  await play.show('readDeparture', 'Who told of it, and when', {
    as,
    path: { id: textOf(told.body, 'id') },
  })
  await play.show('listDepartures', 'What departments have still to tell of', {
    as: 'AUDADM',
    query: { verdict: 'awaited', limit: 10 },
  })
  await play.show('readDepartureLag', 'How departments told in March', {
    as: 'AUDADM',
    query: { from: '2026-03-01', to: '2026-03-31' },
  })
}

async function grants({ play }: Company, personId: string): Promise<void> {
  const as = 'SECADM'
  const query = { state: 'in-force', limit: 10 }
  await play.show('listGrants', 'What the holders of a position have', {
    as,
    query: { ...query, positionCode: 'AP-CLERK', kind: 'role' },
  })
  const held = await play.show('listGrantsOfPerson', 'What one person holds', {
    as,
    path: { id: personId },
    query: { ...query, kind: 'ebs-responsibility' },
  })
  const path = { id: textOf(firstOf(held), 'id') }
  await play.show('readGrant', 'One grant: from when, by whose word and under which version', {
    as,
    path,
  })
  await play.show('endGrant', 'The person no longer does this work', {
    as,
    path,
    body: { reason: '岗位分工调整,不再经办总账。' },
  })
}

/** Somebody comes on the next day into a department that is opened too late. */
async function planAhead({ play }: Company): Promise<void> {
  const department = { as: 'SYSADM', path: { unitCode: 'HD-SZ', code: 'QA' } }
  await play.call('putDepartment', { ...department, body: { name: '质量部' } })
  await play.call('planPerson', {
    as: 'hr-sync',
    body: {
      kind: 'join',
      effectiveOn: '2026-03-03',
      employeeNumber: 'H20031',
      name: '苏婉',
      unitCode: 'HD-SZ',
      departmentCode: 'QA',
      positionCode: 'GL-CLERK',
      withAccount: false,
    },
  })
  const closed = { name: '质量部', active: false }
  await play.call('putDepartment', { ...department, ifMatch: '"1"', body: closed })
}

/** Who should have come meanwhile comes now that the department is there. */
export async function retryPlan({ play }: Company): Promise<void> {
  const failed = await play.call('listPersonPlans', {
    as: 'hr-sync',
    query: { state: 'failed', limit: 1 },
  })
  await play.call('putDepartment', {
    as: 'SYSADM',
    path: { unitCode: 'HD-SZ', code: 'QA' },
    ifMatch: '"2"',
    body: { name: '质量部', active: true },
  })
  await play.show('retryPersonPlan', 'The department is there now', {
    as: 'hr-sync',
    path: { id: textOf(firstOf(failed), 'id') },
  })
}
