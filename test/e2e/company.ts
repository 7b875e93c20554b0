import { createHash, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Authenticator } from '@erp-steward/test-kit/authenticator'
import { Caller, type Answer, type Ask } from './caller.ts'
import { EbsSimulator, type EbsCall } from '../../infra/ebs-simulator/src/ebs.ts'
import { doOnce } from '../../infra/ebs-simulator/src/is-done.ts'

/** One step of a play: what a newcomer reads, and what is done. */
export type Step = readonly [title: string, play: () => Promise<void>]

/** Codes of the units; each runs the ERP. */
export const UNITS = ['HQ', 'U1', 'U2', 'U3', 'U4'] as const
/** How many people the feed of the play has. */
export const PEOPLE = 200

/** The accounts of the three administrators, each with another one who decides whose it is. */
export const ADMINISTRATORS = [
  ['SYSADM', 'SECADM'],
  ['SECADM', 'AUDADM'],
  ['AUDADM', 'SECADM'],
] as const

/** Employee numbers of those with a part in the play, with position and unit; the rest are extras. */
const CAST = {
  keyUser: ['E0001', 'KEYUSER', 'U1'],
  expert: ['E0002', 'KEYUSER', 'HQ'],
  clerk: ['E0003', 'CLERK', 'U1'],
  leaver: ['E0004', 'CLERK', 'U1'],
  owner: ['E0005', 'OWNER', 'U1'],
  authority: ['E0006', 'OM', 'HQ'],
  deputy: ['E0007', 'OM', 'HQ'],
  provider: ['E0008', 'PROVIDER', 'HQ'],
} as const
export type Part = keyof typeof CAST

type ClientRole = 'SCRIPT' | 'MIDDLEWARE' | 'BACKUP_AGENT'

/** Employee number, position and unit of each person with a part. */
const PARTS = Object.values(CAST)

export interface Login {
  userName: string
  password: string
  token: string
  refreshToken: string
  expiresAt: number
  /** The authenticator app; `null`: none was asked for yet. */
  device: Authenticator | null
}

/** A person with a part. */
export interface Member {
  readonly id: string
  readonly userName: string
  readonly accountId: string
  readonly mail: string
}

/**
 * The company that the play is about, and its people as callers: who they are, how they sign in, what they may ask.
 *
 * Every call can be repeated: creations are keyed, changes are conditional, and what cannot be keyed (a secret that is
 * shown once) is simply asked for again. So the product may be killed at any moment.
 */
export class Company {
  readonly api: Caller
  readonly ebs = new EbsSimulator()
  readonly #passwordFile: string
  readonly #headcount: number
  readonly #run = randomUUID().slice(0, 8)
  readonly #logins = new Map<string, Login>()
  readonly #units = new Map<string, string>()
  readonly #people = new Map<string, Member>()
  readonly #clients = new Map<
    string,
    { id: string; secret: string; token: string; expiresAt: number }
  >()

  /** @param people how many are hired; at least those with a part */
  constructor(gatewayUrl: string, passwordFile: string, people = PEOPLE) {
    this.api = new Caller(gatewayUrl)
    this.#passwordFile = passwordFile
    this.#headcount = people
  }

  // The three administrators

  async administratorsSignIn(): Promise<void> {
    const lines = (await readFile(this.#passwordFile, 'utf8')).trim().split('\n')
    for (const line of lines) {
      const [userName = '', , password = ''] = line.split('\t')
      await this.firstSignIn(userName, password)
    }
  }

  /** Signs in with a one-time password, sees that nothing else is allowed, changes it, signs in anew. */
  async firstSignIn(userName: string, initial: string): Promise<void> {
    if (this.#logins.has(userName)) return
    const chosen = `Own-${this.#run}-Qk9x!`
    for (;;) {
      const first = await this.api.ask('POST', '/v1/sessions', {
        body: { userName, password: initial },
      })
      // A killed product may have changed the password and lost the answer: then only the chosen one opens.
      if (first.status === 401) break
      expectThat(first.body.mustChangePassword === true, 'the one-time password must be changed')
      const token = text(first, 'accessToken')
      const refused = await this.api.ask('GET', '/v1/units', { token })
      expectThat([401, 403].includes(refused.status), 'nothing but the change is allowed before it')
      const changed = await this.api.ask('PUT', '/v1/accounts/me/password', {
        token,
        body: { currentPassword: initial, newPassword: chosen },
      })
      // With an idle time of seconds the session may be over before a killed product is back.
      expectThat([204, 401, 403].includes(changed.status), `change: ${JSON.stringify(changed)}`)
      if (changed.status === 204) break
    }
    this.#logins.set(userName, {
      userName,
      password: chosen,
      token: '',
      refreshToken: '',
      expiresAt: 0,
      device: null,
    })
    await this.tokenOf(userName)
  }

  /**
   * Says whose the three accounts are: until then they approve nothing but what this takes. Of another department than the
   * authority's: the audit administrator is a second person of another interest.
   */
  async nameAdministrators(): Promise<void> {
    await this.#put('units', 'HQ', { name: 'Unit HQ', kind: 'HEADQUARTERS' })
    await this.#put('departments', 'HQ/IT', { name: 'IT' })
    await this.#put('positions', 'ADMIN', { name: 'Administrator' })
    await this.#admitClient('SCRIPT')
    for (const [userName, decider] of ADMINISTRATORS) {
      const person = await this.api.must('POST', '/v1/persons', {
        token: await this.clientToken('SCRIPT'),
        key: this.key(`person-${userName}`),
        body: {
          ...{ employeeNumber: `A-${userName}`, name: `Administrator ${userName}` },
          ...{ unitCode: 'HQ', departmentCode: 'IT', positionCode: 'ADMIN', withAccount: false },
        },
      })
      const accounts = await this.must('SYSADM', 'GET', `/v1/accounts?userName=${userName}`)
      const [account] = accounts.body.items as { id: string }[]
      await this.changeConfirmed(
        `name-${userName}`,
        { kind: 'name-administrator', accountId: account?.id, personId: text(person, 'id') },
        decider,
      )
      // The token of before does not name the person.
      this.#login(userName).expiresAt = 0
    }
  }

  /** Gives a person a one-time password and lets them choose their own; once. */
  async signIn(part: Part): Promise<string> {
    const { userName, accountId } = this.member(part)
    if (!this.#logins.has(userName)) {
      const account = `/v1/accounts/${accountId}`
      const initial = (
        await this.#claimHalves(`${account}/initial-password`, 'SECADM', 'SYSADM')
      ).join('-')
      await this.firstSignIn(userName, initial)
      // Two had a hand in the password; a third vouches for the owner, who may approve from the next token on.
      const confirmed = await this.as('AUDADM', 'POST', `${account}/confirm-identity`, {
        body: { how: 'Met in person.' },
      })
      // A killed product may have taken the confirmation and lost the answer.
      expectThat([204, 409].includes(confirmed.status), `confirm: ${JSON.stringify(confirmed)}`)
      this.#login(userName).expiresAt = 0
    }
    return userName
  }

  /** Both halves of a secret, each by another administrator. */
  async #claimHalves(
    path: string,
    one: string,
    other: string,
  ): Promise<readonly [first: string, second: string]> {
    for (;;) {
      const first = await this.must(one, 'POST', path)
      const second = await this.as(other, 'POST', `${path}/second-half`)
      // A killed product may have issued the second half and lost the answer: then both are asked for anew.
      if (second.status === 409) continue
      succeeded(second, path)
      return [text(first, 'claimCode'), text(second, 'claimCode')]
    }
  }

  /** The session of who has signed in, as it was last seen. */
  login(userName: string): Readonly<Login> {
    return this.#login(userName)
  }

  #login(userName: string): Login {
    const login = this.#logins.get(userName)
    if (login === undefined) throw new Error(`${userName} has not signed in yet`)
    return login
  }

  /** A token of who has signed in, valid for a second at least. */
  async tokenOf(userName: string): Promise<string> {
    const login = this.#login(userName)
    if (login.expiresAt > Date.now() + 1_000) return login.token
    let session = await this.#openSession(login)
    if (session.body.mustSetUpSecondFactor === true) {
      await this.#setUpFactor(login, text(session, 'accessToken'))
      const renewed = await this.api.ask('POST', '/v1/tokens/refresh', {
        body: { refreshToken: text(session, 'refreshToken') },
      })
      // A killed product may have renewed the tokens and lost the answer.
      session = renewed.status === 200 ? renewed : await this.#openSession(login)
    }
    login.token = text(session, 'accessToken')
    login.refreshToken = text(session, 'refreshToken')
    login.expiresAt = Date.now() + Number(session.body.expiresIn) * 1_000
    return login.token
  }

  async #openSession({ userName, password, device }: Login): Promise<Answer> {
    for (;;) {
      const code = device === null ? undefined : await device.next()
      const opened = await this.api.ask('POST', '/v1/sessions', {
        body: { userName, password, code },
      })
      // A killed product may have taken the code and lost the answer: then the next one opens.
      if (opened.body.code !== 'second-factor-refused') return succeeded(opened, userName)
    }
  }

  /** Sets up the authenticator app that administrators have to have, and sees that nothing else is allowed before. */
  async #setUpFactor(login: Login, token: string): Promise<void> {
    const refused = await this.api.ask('GET', '/v1/units', { token })
    expectThat([401, 403].includes(refused.status), 'nothing but the second factor before it')
    const own = '/v1/accounts/me/second-factor'
    const { password } = login
    const begun = await this.api.must('POST', own, { token, body: { password } })
    const device = new Authenticator(text(begun, 'secret'))
    const body = { code: await device.next() }
    const confirmed = await this.api.ask('POST', `${own}/confirm`, { token, body })
    // A killed product may have confirmed it and lost the answer.
    expectThat([200, 409].includes(confirmed.status), `confirm: ${JSON.stringify(confirmed)}`)
    login.device = device
  }

  /** Calls as an administrator or a person who has signed in; a token voided meanwhile is renewed once. */
  async as(userName: string, method: string, path: string, ask: Ask = {}): Promise<Answer> {
    const answer = await this.api.ask(method, path, {
      ...ask,
      token: await this.tokenOf(userName),
    })
    if (answer.status !== 401) return answer
    this.#login(userName).expiresAt = 0
    return this.api.ask(method, path, { ...ask, token: await this.tokenOf(userName) })
  }

  async must(userName: string, method: string, path: string, ask: Ask = {}): Promise<Answer> {
    return succeeded(await this.as(userName, method, path, ask), `${method} ${path}`)
  }

  // Organisation

  async organise(): Promise<void> {
    for (const code of UNITS) {
      const kind = code === 'HQ' ? 'HEADQUARTERS' : 'USER_UNIT'
      const unit = await this.#put('units', code, { name: `Unit ${code}`, kind })
      this.#units.set(code, text(unit, 'id'))
      await this.must('SYSADM', 'PUT', `/v1/departments/${code}/FIN`, {
        body: { name: 'Finance' },
      })
    }
    await this.#put('modules', 'GL', { name: 'General Ledger' })
    const positions = {
      CLERK: ['END_USER'],
      KEYUSER: ['KEY_USER'],
      OM: ['OM_AUTHORITY'],
      OWNER: ['BUSINESS_OWNER'],
      PROVIDER: ['OM_PROVIDER'],
    }
    for (const [code, roles] of Object.entries(positions)) {
      await this.#put('positions', code, { name: code })
      await this.changeConfirmed(`rights-${code}`, {
        kind: 'set-position-roles',
        positionCode: code,
        roles,
        responsibilities: [{ application: 'SQLGL', key: `GL_${code}`, securityGroup: 'STANDARD' }],
        ebsRoles: [],
      })
    }
  }

  async #put(noun: string, code: string, body: object): Promise<Answer> {
    return this.must('SYSADM', 'PUT', `/v1/${noun}/${code}`, { body })
  }

  /** The system administrator asks, and has no effect; the security administrator, or another one, confirms. */
  async changeConfirmed(name: string, change: object, decider = 'SECADM'): Promise<Answer> {
    const asked = await this.must('SYSADM', 'POST', '/v1/account-changes', {
      key: this.key(name),
      body: { change, reason: 'Set up for the working day.' },
    })
    const path = `/v1/account-changes/${text(asked, 'id')}`
    const own = await this.as('SYSADM', 'POST', `${path}/approve`, { ifMatch: '"1"', body: null })
    expectThat([403, 409].includes(own.status), 'who asks may not confirm')
    return this.api.change(
      'POST',
      path,
      `${path}/approve`,
      { token: await this.freshToken(decider), body: null },
      ({ status }) => status === 'approved',
    )
  }

  /** A token that was just used, so a voided one has been replaced. */
  async freshToken(userName: string): Promise<string> {
    await this.as(userName, 'GET', '/v1/sessions')
    return this.tokenOf(userName)
  }

  /** A UUID that stays the same for a name within this play. */
  uuid(name: string): string {
    const hex = createHash('sha256').update(this.key(name)).digest('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  }

  /** A name that no other play uses, also for the Idempotency-Key of a creation. */
  key(name: string): string {
    return `${this.#run}-${name}`
  }

  // Clients

  async admitClients(): Promise<void> {
    for (const role of ['SCRIPT', 'MIDDLEWARE', 'BACKUP_AGENT'] as const)
      await this.#admitClient(role)
  }

  async #admitClient(role: ClientRole): Promise<void> {
    if (this.#clients.has(role)) return
    const change = await this.changeConfirmed(`client-${role}`, {
      kind: 'create-client',
      name: `play ${this.#run} ${role}`,
      role,
      unitId: null,
    })
    const id = text(change, 'subjectId')
    // Not to the security administrator, who decides what the client asks for.
    const path = `/v1/clients/${id}/secret`
    const secret = (await this.#claimHalves(path, 'SYSADM', 'AUDADM')).join('')
    this.#clients.set(role, { id, secret, token: '', expiresAt: 0 })
  }

  /** Id and secret of a client, for a program that signs in by itself. */
  client(role: ClientRole): { readonly id: string; readonly secret: string } {
    const client = this.#clients.get(role)
    if (client === undefined) throw new Error(`there is no ${role} client yet`)
    return client
  }

  async clientToken(role: ClientRole): Promise<string> {
    const client = this.#clients.get(role)
    if (client === undefined) throw new Error(`there is no ${role} client yet`)
    if (client.expiresAt > Date.now() + 1_000) return client.token
    const granted = await this.api.must('POST', '/v1/tokens', {
      contentType: 'application/x-www-form-urlencoded',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: client.id,
        client_secret: client.secret,
      }).toString(),
    })
    client.token = text(granted, 'access_token')
    client.expiresAt = Date.now() + Number(granted.body.expires_in) * 1_000
    return client.token
  }

  // The HR feed

  async hire(): Promise<void> {
    const first = await this.#feed()
    const counts = first.body.counts as Record<string, number>
    // A killed product may have taken a feed whose answer was lost.
    expectThat(
      (counts.created ?? 0) + (counts.unchanged ?? 0) === this.#headcount,
      `all ${this.#headcount} are there: ${JSON.stringify(counts)}`,
    )
    const second = await this.#feed()
    expectThat(
      (second.body.counts as Record<string, number>).unchanged === this.#headcount,
      'the same feed again changes nothing',
    )
    for (const [employeeNumber] of PARTS) {
      const found = await this.api.must('GET', `/v1/persons?employeeNumber=${employeeNumber}`, {
        token: await this.clientToken('SCRIPT'),
      })
      const [person] = found.body.items as { id: string; userName: string; accountId?: string }[]
      if (person === undefined) throw new Error(`${employeeNumber} was not hired`)
      const accounts = await this.must('SECADM', 'GET', `/v1/accounts?personId=${person.id}`)
      const [account] = accounts.body.items as { id: string }[]
      if (account === undefined) throw new Error(`${employeeNumber} has no account`)
      this.#people.set(employeeNumber, {
        id: person.id,
        userName: person.userName,
        accountId: account.id,
        mail: mailOf(employeeNumber),
      })
    }
  }

  async #feed(): Promise<Answer> {
    const rows = Array.from({ length: this.#headcount }, (_, at) => {
      const number = `E${String(at + 1).padStart(4, '0')}`
      const part = PARTS.find(([employeeNumber]) => employeeNumber === number)
      const [, position = 'CLERK', unit = UNITS[at % UNITS.length]] = part ?? []
      return `${number},Person ${number},${unit},FIN,${position},${mailOf(number)}`
    })
    return this.api.must('POST', '/v1/imports/persons?mode=all-or-none', {
      token: await this.clientToken('SCRIPT'),
      contentType: 'text/csv',
      body: ['employeeNumber,name,unitCode,departmentCode,positionCode,email', ...rows].join('\n'),
    })
  }

  // Provisioning

  /** Works off every EBS task that can be leased: call, read back, confirm. */
  async provision(): Promise<void> {
    for (;;) {
      const leased = await this.api.must('POST', '/v1/provisioning-tasks/lease', {
        token: await this.clientToken('MIDDLEWARE'),
        body: { worker: 'play', limit: 100, leaseSeconds: 10 },
      })
      const tasks = leased.body.items as { id: string; leaseToken: string; call: EbsCall }[]
      if (tasks.length === 0) {
        // Tasks of a lost lease come back when it ends.
        const open = await this.api.must('GET', '/v1/provisioning-tasks?status=queued&limit=1', {
          token: await this.clientToken('MIDDLEWARE'),
        })
        const held = await this.api.must('GET', '/v1/provisioning-tasks?status=leased&limit=1', {
          token: await this.clientToken('MIDDLEWARE'),
        })
        if ((open.body.items as unknown[]).length + (held.body.items as unknown[]).length === 0)
          return
        await sleep(500)
        continue
      }
      for (const { id, leaseToken, call } of tasks) {
        const readBack = doOnce(this.ebs, call)
        const done = await this.api.ask('POST', `/v1/provisioning-tasks/${id}/done`, {
          token: await this.clientToken('MIDDLEWARE'),
          body: { leaseToken, readBack },
        })
        // 409: a lost answer, the task is done already; or the lease ended while the product was away.
        expectThat(done.status < 400 || done.status === 409, `done: ${JSON.stringify(done)}`)
      }
    }
  }

  /** Sets a parameter; where the value asks less than the one in force, the auditor approves it, whom none measures. */
  async parameter(service: string, key: string, value: unknown, unitId: string | null = null) {
    const path = `/v1/parameters/${service}/${key}`
    const token = await this.freshToken('SECADM')
    for (;;) {
      const current = await this.api.must(
        'GET',
        unitId === null ? path : `${path}?unitId=${unitId}`,
        { token },
      )
      if (JSON.stringify(current.body.value) === JSON.stringify(value)) return
      const set = await this.api.ask('PUT', path, {
        token,
        ifMatch: current.etag,
        body: { unitId, value, reason: 'The play runs in seconds.' },
      })
      // With a lost answer the proposal is there already.
      const proposalId = set.status === 202 ? set.body.id : set.body.proposalId
      if (typeof proposalId === 'string') await this.approve(service, proposalId, 'AUDADM')
      else if (set.status !== 412) succeeded(set, `parameter ${key}`)
    }
  }

  /** The O&M authority, or an administrator, approves what somebody else proposed. */
  async approve(service: string, proposalId: string, administrator?: string): Promise<void> {
    const token = await this.freshToken(administrator ?? (await this.signIn('authority')))
    const path = `/v1/proposals/${service}/${proposalId}`
    await this.api.change(
      'POST',
      path,
      `${path}/approve`,
      { token, body: null },
      ({ state }) => state === 'approved',
    )
  }

  /** Id of a unit by its code. */
  unit(code: string): string {
    const id = this.#units.get(code)
    if (id === undefined) throw new Error(`there is no unit ${code} yet`)
    return id
  }

  member(part: Part): Member {
    const member = this.#people.get(CAST[part][0])
    if (member === undefined) throw new Error(`${part} was not hired yet`)
    return member
  }
}

const mailOf = (employeeNumber: string) => `${employeeNumber.toLowerCase()}@example.test`

/** Fails with what should hold. */
export function expectThat(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`It does not hold that: ${what}`)
}

/** Insists on an answer below 400. */
export function succeeded(answer: Answer, what: string): Answer {
  expectThat(answer.status < 400, `${what}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer
}

/** A text member of an answer. */
export function text(answer: Answer, member: string): string {
  const value = answer.body[member]
  expectThat(typeof value === 'string', `${member} is in ${JSON.stringify(answer.body)}`)
  return value
}

/** Events take their time while processes and the broker are being killed, and each waits for the other. */
const PATIENCE_MS = 180_000

/** Repeats until it holds; rejects with the last reason. */
export async function eventually<Result>(
  probe: () => Promise<Result>,
  withinMs = PATIENCE_MS,
): Promise<Result> {
  const deadline = Date.now() + withinMs
  for (;;) {
    try {
      return await probe()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(100)
    }
  }
}
