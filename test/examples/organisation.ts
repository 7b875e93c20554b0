import type { Authenticator } from '@erp-steward/test-kit/authenticator'
import { claimCode, OWN_PASSWORD, textOf, type Company } from './company.ts'
import type { Body } from './play.ts'
import { firstOf } from './company.ts'

/** The accounts of the three administrators, the person behind each, and who decides that it is theirs. */
const ADMINISTRATORS = [
  ['SYSADM', 'H10001', '陈立', 'SECADM'],
  ['SECADM', 'H10002', '林静', 'AUDADM'],
  ['AUDADM', 'H10003', '周明', 'SECADM'],
] as const

/** A fresh installation: who administers it, how the company is made up, and which programs take part. */
export async function organise(company: Company): Promise<void> {
  await firstSignIn(company)
  await organisation(company)
  await firstProgram(company)
  await nameAdministrators(company)
  await rights(company)
  for (const [name, role] of [
    ['ebs-middleware', 'MIDDLEWARE'],
    ['backup-agent-01', 'BACKUP_AGENT'],
  ] as const)
    await company.employ(name, role)
  await programKey(company, { id: company.client('ebs-middleware') })
  await programApiKeys(company, { id: company.client('hr-sync') })
}

async function firstSignIn(company: Company): Promise<void> {
  const { play } = company
  const password = (userName: string) => play.stage.firstPasswords.get(userName) ?? ''
  play.names.hide(password('SYSADM'), 'one-time-password')
  const session = await play.show(
    'signIn',
    'With a one-time password, which must be changed next',
    {
      body: { userName: 'SYSADM', password: password('SYSADM') },
    },
  )
  play.admit('SYSADM', () => Promise.resolve(session))
  await play.show('readOwnPasswordPolicy', 'What a password of one’s own must be like', {
    as: 'SYSADM',
  })
  await play.show('changeOwnPassword', 'Choose a password of one’s own', {
    as: 'SYSADM',
    body: { currentPassword: password('SYSADM'), newPassword: OWN_PASSWORD },
  })
  company.admit('SYSADM')
  const own = await play.show('signIn', 'With one’s own password', {
    body: { userName: 'SYSADM', password: OWN_PASSWORD },
  })
  play.admit('SYSADM', () => Promise.resolve(own))
  const device = await company.setUpFactor('SYSADM', true)
  play.admit('SYSADM', () => Promise.resolve(own))
  const renewed = await play.show('refreshSession', 'Before the access token expires', {
    body: { refreshToken: own.body.refreshToken },
  })
  play.admit('SYSADM', () => Promise.resolve(renewed))
  await play.show('readOwnStanding', 'Who am I, and what may I do?', { as: 'SYSADM' })
  await play.show(
    'readPasswordPolicy',
    'Which rules the company follows, and against which standard',
    {
      as: 'SYSADM',
    },
  )
  await play.show('listOwnSessions', 'Where am I signed in?', { as: 'SYSADM' })
  await secondFactor(company, device)
  company.admit('SYSADM')
  for (const userName of ['SECADM', 'AUDADM']) {
    await company.choosePassword(userName, password(userName))
    await company.setUpFactor(userName)
  }
  await play.show('readHealth', 'Is everything up?')
  await play.show('readProblem', 'What does a problem code mean?', {
    path: { code: 'precondition-required' },
  })
  await play.show('readKeySet', 'The keys that tokens are verified with')
  await play.show('readOpenIdConfiguration', 'What a library of OpenID Connect reads first')
  await play.show('readAuthorizationServer', 'What a library of OAuth 2 reads first')
}

async function secondFactor(company: Company, device: Authenticator): Promise<void> {
  const { play } = company
  const as = 'SYSADM'
  await play.show('readOwnSecondFactor', 'Do my sign-ins ask for a code?', { as })
  await play.show('proveSecondFactor', 'A code again, before something is decided', {
    as,
    body: { code: await company.codeOf(device) },
  })
  await play.show('renewOwnRecoveryCodes', 'The sheet with the recovery codes was lost', {
    as,
    body: { code: await company.codeOf(device) },
  })
}

async function organisation(company: Company): Promise<void> {
  const { play } = company
  const as = 'SYSADM'
  await play.show('putUnit', 'The headquarters', {
    as,
    path: { code: 'HD-HQ' },
    body: { name: '华东制造总部', kind: 'HEADQUARTERS' },
  })
  await play.call('putUnit', {
    as,
    path: { code: 'HD-SZ' },
    body: { name: '苏州工厂', kind: 'USER_UNIT' },
  })
  for (const code of ['HD-HQ', 'HD-SZ']) {
    const unit = await play.call('readUnit', { as, path: { code } })
    company.units.set(code, textOf(unit.body, 'id'))
  }
  await play.show('readUnit', 'One unit, with the version to change it by', {
    as,
    path: { code: 'HD-SZ' },
  })
  await play.show('listUnits', 'Every unit', { as, query: { limit: 10 } })

  await play.show('putDepartment', 'A department of the factory', {
    as,
    path: { unitCode: 'HD-SZ', code: 'FIN' },
    body: { name: '财务部' },
  })
  for (const [unitCode, code, name] of [
    ['HD-HQ', 'IT', '信息部'],
    ['HD-HQ', 'OM', 'ERP运维中心'],
    ['HD-SZ', 'PUR', '采购部'],
  ] as const)
    await play.call('putDepartment', { as, path: { unitCode, code }, body: { name } })
  await play.show('readDepartment', 'One department', {
    as,
    path: { unitCode: 'HD-SZ', code: 'FIN' },
  })
  await play.show('listDepartments', 'Departments of the factory', {
    as,
    query: { unitCode: 'HD-SZ', limit: 10 },
  })

  await play.show('putModule', 'A module of the ERP', {
    as,
    path: { code: 'GL' },
    body: { name: '总账' },
  })
  await play.call('putModule', { as, path: { code: 'AP' }, body: { name: '应付' } })
  await play.show('readModule', 'One module', { as, path: { code: 'GL' } })
  await play.show('listModules', 'Every module', { as, query: { limit: 10 } })

  await play.show('putPosition', 'A position; its rights are given by an account change', {
    as,
    path: { code: 'AP-CLERK' },
    body: { name: '应付会计' },
  })
  for (const [code, name] of [
    ['ADMIN', '系统管理岗'],
    ['GL-CLERK', '总账会计'],
    ['KEY-USER', '关键用户'],
    ['FIN-OWNER', '财务业务负责人'],
    ['ERP-OM', 'ERP运维主管'],
    ['ERP-PROVIDER', '外部运维顾问'],
  ] as const)
    await play.call('putPosition', { as, path: { code }, body: { name } })
  await play.show('readPosition', 'One position', { as, path: { code: 'AP-CLERK' } })
  await play.show('listPositions', 'Positions, two at a time', { as, query: { limit: 2 } })
}

/** The script that takes people in: asked for by one administrator, admitted by another, its secret in two hands. */
async function firstProgram(company: Company): Promise<void> {
  const { play } = company
  const asked = await play.show('requestAccountChange', 'A program that takes people in', {
    as: 'SYSADM',
    body: {
      change: { kind: 'create-client', name: 'hr-sync', role: 'SCRIPT', unitId: null },
      reason: '人力资源系统每日同步人员。',
    },
  })
  const path = { id: textOf(asked.body, 'id') }
  await play.show('readAccountChange', 'What is asked for, and by whom', { as: 'SECADM', path })
  await play.show('listAccountChanges', 'What waits for a decision', {
    as: 'SECADM',
    query: { status: 'pending', limit: 10 },
  })
  const approved = await play.show('approveAccountChange', 'The security administrator agrees', {
    as: 'SECADM',
    path,
    body: { reason: '已核对用途。' },
  })
  const id = textOf(approved.body, 'subjectId')
  const client = { id }
  await play.show('readClient', 'One program', { as: 'SYSADM', path: client })
  await play.show('listClients', 'Every program', { as: 'SYSADM', query: { limit: 10 } })
  const first = await play.show('issueClientSecret', 'The first half of the secret', {
    as: 'SYSADM',
    path: client,
  })
  const second = await play.show('completeClientSecret', 'The second half, for another person', {
    as: 'AUDADM',
    path: client,
  })
  const secret = claimCode(first) + claimCode(second)
  company.letWork('hr-sync', id, secret)
  const contentType = 'application/x-www-form-urlencoded'
  const proof = { client_id: id, client_secret: secret }
  const granted = await play.show('grantToken', 'The program signs in with both halves', {
    contentType,
    body: { grant_type: 'client_credentials', ...proof },
  })
  const narrow = await play.show('grantToken', 'A token that may read people, and nothing else', {
    contentType,
    body: { grant_type: 'client_credentials', scope: 'person.read', ...proof },
  })
  await play.show('introspectToken', 'Whether a token is good', {
    contentType,
    body: { token: textOf(narrow.body, 'access_token'), ...proof },
  })
  await play.show('revokeToken', 'The program has ended its work and gives its token back', {
    contentType,
    body: { token: textOf(granted.body, 'access_token'), ...proof },
  })
  play.signInAnew('hr-sync')
}

/** A public key, whose private half is with nobody. */
const KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'daIOWGyjdq5aXqoufTVF-1-wPMbOqWr3Fm5yroZXMo4',
  y: 'IKVVtD8TIgDUPor0NfC_LPf4RmKbhCzRLBlK2eN7Q8g',
}

/** The program shall prove who it is by a key instead of the secret, and then does not. */
async function programKey({ play }: Company, path: { readonly id: string }): Promise<void> {
  const key = await play.show('registerClientKey', 'The public half of a key of the program', {
    as: 'SYSADM',
    path,
    body: { jwk: KEY },
  })
  const named = { ...path, thumbprint: textOf(key.body, 'thumbprint') }
  await play.show('confirmClientKey', 'Another person has compared the thumbprint', {
    as: 'AUDADM',
    path: named,
  })
  await play.show('listClientKeys', 'Its keys', { as: 'AUDADM', path })
  await play.show('endClientKey', 'The host of the program was given away', {
    as: 'SYSADM',
    path: named,
  })
}

/** A key for one thing that the program does, asked for by one person and completed by another; then the next, and its end. */
async function programApiKeys({ play }: Company, client: { readonly id: string }): Promise<void> {
  const first = await play.show('requestApiKey', 'A key for the nightly export, from its hosts', {
    as: 'SYSADM',
    path: client,
    body: {
      name: '夜间导出',
      permissions: ['person.read', 'ticket.read'],
      networks: ['10.20.30.0/24', 'fd00:20:30::/48'],
      expiresAt: '2026-06-01T16:00:00Z',
    },
  })
  const path = { id: textOf(first.body.key as Body, 'id') }
  await play.show('completeApiKey', 'The second half, for another person', { as: 'AUDADM', path })
  await play.show('readApiKey', 'One key', { as: 'SYSADM', path })
  await play.show('listApiKeys', 'The keys of a program that are good', {
    as: 'SECADM',
    query: { clientId: client.id, status: 'active' },
  })
  await play.show('rotateApiKey', 'The key that takes its place', {
    as: 'SYSADM',
    path,
    body: { expiresAt: '2026-12-01T16:00:00Z' },
  })
  await play.show('endApiKey', 'It was found in a repository', { as: 'SECADM', path })
  play.signInAnew('hr-sync')
}

async function nameAdministrators(company: Company): Promise<void> {
  const { play } = company
  for (const [userName, employeeNumber, name, decider] of ADMINISTRATORS) {
    const person = await play.call('joinPerson', {
      as: 'hr-sync',
      body: {
        employeeNumber,
        name,
        unitCode: 'HD-HQ',
        departmentCode: 'IT',
        positionCode: 'ADMIN',
        withAccount: false,
      },
    })
    const accounts = await play.call('listAccounts', { as: 'SYSADM', query: { userName } })
    await company.confirmed(
      {
        kind: 'name-administrator',
        accountId: textOf(firstOf(accounts), 'id'),
        personId: textOf(person.body, 'id'),
      },
      '管理员任命书〔2026〕1号。',
      decider,
    )
    // The token of before does not name the person.
    play.signInAnew(userName)
  }
}

async function rights(company: Company): Promise<void> {
  const { play } = company
  const roles = {
    'GL-CLERK': ['END_USER'],
    'KEY-USER': ['KEY_USER'],
    'FIN-OWNER': ['BUSINESS_OWNER'],
    'ERP-OM': ['OM_AUTHORITY'],
    'ERP-PROVIDER': ['OM_PROVIDER'],
  }
  await play.show('requestAccountChange', 'What holders of a position may do', {
    as: 'SYSADM',
    body: {
      change: {
        kind: 'set-position-roles',
        positionCode: 'AP-CLERK',
        roles: ['END_USER'],
        responsibilities: [
          { application: 'SQLAP', key: 'HD_SZ_AP_CLERK', securityGroup: 'STANDARD' },
        ],
        ebsRoles: [],
      },
      reason: '岗位权限表第3版。',
    },
  })
  const waiting = await play.call('listAccountChanges', {
    as: 'SECADM',
    query: { status: 'pending', limit: 1 },
  })
  await play.call('approveAccountChange', {
    as: 'SECADM',
    path: { id: textOf(firstOf(waiting), 'id') },
    body: null,
  })
  await play.show('listPositionVersions', 'What the position gave on a day', {
    as: 'SECADM',
    path: { code: 'AP-CLERK' },
    query: { at: '2026-03-02T04:00:00Z', limit: 10 },
  })
  for (const [positionCode, held] of Object.entries(roles))
    await company.confirmed(
      {
        kind: 'set-position-roles',
        positionCode,
        roles: held,
        responsibilities: [
          {
            application: 'SQLGL',
            key: `HD_${positionCode.replace('-', '_')}`,
            securityGroup: 'STANDARD',
          },
        ],
        ebsRoles: [],
      },
      '岗位权限表第3版。',
    )
}
