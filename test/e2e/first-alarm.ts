import { randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Caller, type Answer, type Ask } from './caller.ts'
import { EbsSimulator, type EbsCall } from './ebs-simulator.ts'
import {
  hasPrometheus,
  METRIC,
  startEncoder,
  startPrometheus,
  type MetricSender,
} from './metric-sender.ts'
import type { Call, Mail } from './receivers.ts'
import type { Site } from './site.ts'

/** What stands around the product in the play. */
export interface World {
  readonly site: Site
  readonly mails: Mail[]
  readonly calls: Call[]
  readonly webhookUrl: string
  readonly webhookSecret: string
  /** Seconds of the hand-over clock of tier 1. */
  readonly handoverSeconds: number
}

const UNITS = ['HQ', 'U1', 'U2', 'U3', 'U4'] as const
const PEOPLE = 200
/** Employee numbers of those with a part in the play; the rest are extras. */
const CAST = { keyUser: 'E0001', expert: 'E0002', clerk: 'E0003', leaver: 'E0004' } as const

type Administrator = 'SYSADM' | 'SECADM' | 'AUDADM'

interface Login {
  userName: string
  password: string
  token: string
  refreshToken: string
  expiresAt: number
}

/**
 * The first alarm, played from outside through the gateway by the operations that every customer has.
 *
 * Each step can be repeated: creations are keyed, changes are conditional, and what cannot be keyed (a secret that is
 * shown once) is simply asked for again. So the product may be killed at any moment of it.
 */
export class FirstAlarm {
  readonly #world: World
  readonly #api: Caller
  readonly #run = randomUUID().slice(0, 8)
  readonly #logins = new Map<string, Login>()
  readonly #ebs = new EbsSimulator()
  readonly #units = new Map<string, string>()
  readonly #people = new Map<string, { id: string; userName: string; accountId: string }>()
  readonly #clients = new Map<
    string,
    { id: string; secret: string; token: string; expiresAt: number }
  >()
  #sender: MetricSender | undefined
  #episodeId = ''
  #ticketId = ''

  constructor(world: World) {
    this.#world = world
    this.#api = new Caller(world.site.gatewayUrl)
  }

  /** Every step in order, by name. */
  get steps(): readonly (readonly [string, () => Promise<void>])[] {
    return [
      [
        'the three administrators change their one-time passwords',
        () => this.administratorsSignIn(),
      ],
      [
        'units, modules and positions exist; rights wait for the security administrator',
        () => this.organise(),
      ],
      [
        'script and middleware get credentials, confirmed by the security administrator',
        () => this.admitClients(),
      ],
      [
        'an HR feed of 200 persons arrives twice, the second time without effect',
        () => this.hire(),
      ],
      ['the middleware works the EBS tasks off and reads back', () => this.provision()],
      ['a user signs in, must change the password, acts, idles out', () => this.userIdlesOut()],
      ['key users, calendar, clocks and the webhook are set', () => this.prepareSupport()],
      ['a metric source breaches its threshold and a ticket opens', () => this.breach()],
      ['nobody answers in time: the second tier gets the ticket', () => this.escalate()],
      ['the second tier acknowledges and resolves; the first confirms', () => this.resolve()],
      ['mail and signed webhook have arrived; the recovery ended the alert', () => this.recover()],
      ['an employee leaves and is refused within a second', () => this.leave()],
      ['the audit chain verifies', () => this.verifyLedger()],
    ]
  }

  async close(): Promise<void> {
    await this.#sender?.stop()
  }

  // 1. The three administrators

  async administratorsSignIn(): Promise<void> {
    const lines = (await readFile(this.#world.site.passwordFile, 'utf8')).trim().split('\n')
    for (const line of lines) {
      const [userName = '', , password = ''] = line.split('\t')
      await this.#firstSignIn(userName, password)
    }
  }

  /** Signs in with a one-time password, sees that nothing else is allowed, changes it, signs in anew. */
  async #firstSignIn(userName: string, initial: string): Promise<void> {
    if (this.#logins.has(userName)) return
    const chosen = `Own-${this.#run}-Qk9x!`
    for (;;) {
      const first = await this.#api.ask('POST', '/v1/sessions', {
        body: { userName, password: initial },
      })
      // A killed product may have changed the password and lost the answer: then only the chosen one opens.
      if (first.status === 401) break
      expectThat(first.body.mustChangePassword === true, 'the one-time password must be changed')
      const token = text(first, 'accessToken')
      const refused = await this.#api.ask('GET', '/v1/units', { token })
      expectThat([401, 403].includes(refused.status), 'nothing but the change is allowed before it')
      const changed = await this.#api.ask('PUT', '/v1/accounts/me/password', {
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
    })
    await this.#tokenOf(userName)
  }

  async #tokenOf(userName: string): Promise<string> {
    const login = this.#logins.get(userName)
    if (login === undefined) throw new Error(`${userName} has no part in the play yet`)
    if (login.expiresAt > Date.now() + 1_000) return login.token
    const { password } = login
    const session = await this.#api.must('POST', '/v1/sessions', { body: { userName, password } })
    login.token = text(session, 'accessToken')
    login.refreshToken = text(session, 'refreshToken')
    login.expiresAt = Date.now() + Number(session.body.expiresIn) * 1_000
    return login.token
  }

  /** Calls as an administrator or a person who has signed in; a token voided meanwhile is renewed once. */
  async #as(userName: string, method: string, path: string, ask: Ask = {}): Promise<Answer> {
    const answer = await this.#api.ask(method, path, {
      ...ask,
      token: await this.#tokenOf(userName),
    })
    if (answer.status !== 401) return answer
    const login = this.#logins.get(userName)
    if (login !== undefined) login.expiresAt = 0
    return this.#api.ask(method, path, { ...ask, token: await this.#tokenOf(userName) })
  }

  async #must(userName: string, method: string, path: string, ask: Ask = {}): Promise<Answer> {
    return succeeded(await this.#as(userName, method, path, ask), `${method} ${path}`)
  }

  // 2. Organisation

  async organise(): Promise<void> {
    for (const code of UNITS) {
      const kind = code === 'HQ' ? 'HEADQUARTERS' : 'USER_UNIT'
      const unit = await this.#put('units', code, { name: `Unit ${code}`, kind })
      this.#units.set(code, text(unit, 'id'))
      await this.#must('SYSADM', 'PUT', `/v1/departments/${code}/FIN`, {
        body: { name: 'Finance' },
      })
    }
    await this.#put('modules', 'GL', { name: 'General Ledger' })
    const positions = { CLERK: ['END_USER'], KEYUSER: ['KEY_USER'], OM: ['OM_AUTHORITY'] }
    for (const [code, roles] of Object.entries(positions)) {
      await this.#put('positions', code, { name: code })
      await this.#changeConfirmed(`rights-${code}`, {
        kind: 'set-position-roles',
        positionCode: code,
        roles,
        responsibilities: [{ application: 'SQLGL', key: `GL_${code}`, securityGroup: 'STANDARD' }],
        ebsRoles: [],
      })
    }
  }

  async #put(noun: string, code: string, body: object): Promise<Answer> {
    return this.#must('SYSADM', 'PUT', `/v1/${noun}/${code}`, { body })
  }

  /** The system administrator asks, and has no effect; the security administrator confirms. */
  async #changeConfirmed(name: string, change: object): Promise<Answer> {
    const asked = await this.#must('SYSADM', 'POST', '/v1/account-changes', {
      key: this.#key(name),
      body: { change, reason: 'Set up for the first alarm.' },
    })
    const path = `/v1/account-changes/${text(asked, 'id')}`
    const own = await this.#as('SYSADM', 'POST', `${path}/approve`, { ifMatch: '"1"', body: null })
    expectThat(own.status === 403, 'who asks may not confirm')
    return this.#api.change(
      'POST',
      path,
      `${path}/approve`,
      { token: await this.#freshToken('SECADM'), body: null },
      ({ status }) => status === 'approved',
    )
  }

  async #freshToken(userName: Administrator): Promise<string> {
    // Asks anything, so that a voided token shows and is replaced.
    await this.#as(userName, 'GET', '/v1/sessions')
    return this.#tokenOf(userName)
  }

  #key(name: string): string {
    return `${this.#run}-${name}`
  }

  // 3. Clients

  async admitClients(): Promise<void> {
    for (const role of ['SCRIPT', 'MIDDLEWARE'] as const) {
      const change = await this.#changeConfirmed(`client-${role}`, {
        kind: 'create-client',
        name: `play ${this.#run} ${role}`,
        role,
        unitId: null,
      })
      const id = text(change, 'subjectId')
      const issued = await this.#must('SECADM', 'POST', `/v1/clients/${id}/secret`)
      this.#clients.set(role, { id, secret: text(issued, 'clientSecret'), token: '', expiresAt: 0 })
    }
  }

  async #clientToken(role: 'SCRIPT' | 'MIDDLEWARE'): Promise<string> {
    const client = this.#clients.get(role)
    if (client === undefined) throw new Error(`there is no ${role} client yet`)
    if (client.expiresAt > Date.now() + 1_000) return client.token
    const granted = await this.#api.must('POST', '/v1/tokens', {
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

  // 4. The HR feed

  async hire(): Promise<void> {
    const first = await this.#feed()
    const counts = first.body.counts as Record<string, number>
    // A killed product may have taken a feed whose answer was lost.
    expectThat(
      (counts.created ?? 0) + (counts.unchanged ?? 0) === PEOPLE,
      `all ${PEOPLE} are there: ${JSON.stringify(counts)}`,
    )
    const second = await this.#feed()
    expectThat(
      (second.body.counts as Record<string, number>).unchanged === PEOPLE,
      'the same feed again changes nothing',
    )
    for (const employeeNumber of Object.values(CAST)) {
      const found = await this.#api.must('GET', `/v1/persons?employeeNumber=${employeeNumber}`, {
        token: await this.#clientToken('SCRIPT'),
      })
      const [person] = found.body.items as { id: string; userName: string; accountId?: string }[]
      if (person === undefined) throw new Error(`${employeeNumber} was not hired`)
      const accounts = await this.#must('SECADM', 'GET', `/v1/accounts?personId=${person.id}`)
      const [account] = accounts.body.items as { id: string }[]
      if (account === undefined) throw new Error(`${employeeNumber} has no account`)
      this.#people.set(employeeNumber, {
        id: person.id,
        userName: person.userName,
        accountId: account.id,
      })
    }
  }

  async #feed(): Promise<Answer> {
    const rows = Array.from({ length: PEOPLE }, (_, at) => {
      const number = `E${String(at + 1).padStart(4, '0')}`
      const unit = number === CAST.expert ? 'HQ' : at < 10 ? 'U1' : UNITS[at % UNITS.length]
      const position = number === CAST.keyUser || number === CAST.expert ? 'KEYUSER' : 'CLERK'
      return `${number},Person ${number},${unit},FIN,${position},${number.toLowerCase()}@example.test`
    })
    return this.#api.must('POST', '/v1/imports/persons?mode=all-or-none', {
      token: await this.#clientToken('SCRIPT'),
      contentType: 'text/csv',
      body: ['employeeNumber,name,unitCode,departmentCode,positionCode,email', ...rows].join('\n'),
    })
  }

  // 5. Provisioning

  /** Works off every EBS task that can be leased: call, read back, confirm. */
  async provision(): Promise<void> {
    for (;;) {
      const leased = await this.#api.must('POST', '/v1/provisioning-tasks/lease', {
        token: await this.#clientToken('MIDDLEWARE'),
        body: { worker: 'play', limit: 100, leaseSeconds: 30 },
      })
      const tasks = leased.body.items as { id: string; leaseToken: string; call: EbsCall }[]
      if (tasks.length === 0) {
        // Tasks of a lost lease come back when it ends.
        const open = await this.#api.must('GET', '/v1/provisioning-tasks?status=queued&limit=1', {
          token: await this.#clientToken('MIDDLEWARE'),
        })
        const held = await this.#api.must('GET', '/v1/provisioning-tasks?status=leased&limit=1', {
          token: await this.#clientToken('MIDDLEWARE'),
        })
        if ((open.body.items as unknown[]).length + (held.body.items as unknown[]).length === 0)
          return
        await sleep(500)
        continue
      }
      for (const { id, leaseToken, call } of tasks) {
        const readBack = this.#ebs.call(call)
        const done = await this.#api.ask('POST', `/v1/provisioning-tasks/${id}/done`, {
          token: await this.#clientToken('MIDDLEWARE'),
          body: { leaseToken, readBack },
        })
        // 409: a lost answer, the task is done already; or the lease ended while the product was away.
        expectThat(done.status < 400 || done.status === 409, `done: ${JSON.stringify(done)}`)
      }
    }
  }

  // 6. A user

  async userIdlesOut(): Promise<void> {
    const clerk = this.#member('clerk')
    await this.#parameter('identity', 'gateway.session.idle', 'PT4S')
    if (!this.#logins.has(clerk.userName)) {
      const issued = await this.#must(
        'SECADM',
        'POST',
        `/v1/accounts/${clerk.accountId}/initial-password`,
      )
      await this.#firstSignIn(clerk.userName, text(issued, 'initialPassword'))
    }
    const opened = await this.#must(clerk.userName, 'POST', '/v1/tickets', {
      key: this.#key('clerk-ticket'),
      body: {
        title: 'How do I reverse a journal?',
        description: 'A posted journal is wrong.',
        category: 'question',
        priority: 'P4',
        unitId: this.#unit('U1'),
        moduleCode: 'GL',
      },
    })
    expectThat(opened.status === 201, 'the user acts')
    const login = this.#logins.get(clerk.userName)
    await sleep(4_500)
    const refused = await this.#api.ask('POST', '/v1/tokens/refresh', {
      body: { refreshToken: login?.refreshToken },
    })
    expectThat(refused.status === 401, `an idle session is not refreshed: ${refused.status}`)
    const late = await this.#api.ask('GET', '/v1/tickets', { token: login?.token ?? '' })
    expectThat(late.status === 401, 'nor is its token taken')
    await this.#parameter('identity', 'gateway.session.idle', 'PT15M')
  }

  async #parameter(service: string, key: string, value: unknown, unitId: string | null = null) {
    const resource = `/v1/parameters/${service}/${key}${unitId === null ? '' : `?unitId=${unitId}`}`
    await this.#api.change(
      'PUT',
      resource,
      `/v1/parameters/${service}/${key}`,
      {
        token: await this.#freshToken('SECADM'),
        body: { unitId, value, reason: 'The play runs in seconds.' },
      },
      (current) => JSON.stringify(current.value) === JSON.stringify(value),
    )
  }

  // 7. Support

  async prepareSupport(): Promise<void> {
    const unitId = this.#unit('U1')
    const duties = [
      {
        personId: this.#member('keyUser').id,
        tier: 'L1',
        kind: 'MODULE',
        unitId,
        moduleCode: 'GL',
      },
      {
        personId: this.#member('expert').id,
        tier: 'L2',
        kind: 'MODULE',
        unitId: null,
        moduleCode: 'GL',
      },
    ]
    for (const duty of duties) {
      // The directory reaches incident-tiering by event; until then it does not know the person.
      await eventually(async () => {
        const answer = await this.#as('SYSADM', 'POST', '/v1/key-users', {
          key: this.#key(`key-user-${duty.tier}`),
          body: duty,
        })
        expectThat(answer.status === 201, `nominated: ${JSON.stringify(answer.body)}`)
      })
    }
    await this.#api.change(
      'PUT',
      `/v1/calendars/${unitId}`,
      `/v1/calendars/${unitId}`,
      {
        token: await this.#freshToken('SYSADM'),
        body: { definition: { kind: 'continuous' }, reason: 'The unit works round the clock.' },
      },
      (current) => (current.definition as { kind: string }).kind === 'continuous',
    )
    const within = `PT${this.#world.handoverSeconds}S`
    await this.#parameter(
      'incident-tiering',
      'incident.tier.l1.handover',
      { clock: 'working', within },
      unitId,
    )
    await this.#must('SYSADM', 'POST', '/v1/webhooks', {
      key: this.#key('webhook'),
      body: { url: this.#world.webhookUrl, unitId, secret: this.#world.webhookSecret },
    })
    for (const part of ['keyUser', 'expert'] as const) {
      const { userName, accountId } = this.#member(part)
      if (this.#logins.has(userName)) continue
      const issued = await this.#must(
        'SECADM',
        'POST',
        `/v1/accounts/${accountId}/initial-password`,
      )
      await this.#firstSignIn(userName, text(issued, 'initialPassword'))
    }
  }

  // 8. The alarm

  async breach(): Promise<void> {
    const unitId = this.#unit('U1')
    if (this.#sender === undefined) {
      const source = await eventually(async () =>
        this.#must('SYSADM', 'POST', '/v1/sources', {
          key: this.#key('source'),
          body: {
            name: `prometheus ${this.#run}`,
            unitId,
            moduleCode: 'GL',
            silentAfterSeconds: 300,
          },
        }),
      )
      const path = `/v1/sources/${text(source, 'id')}`
      const { etag } = await this.#must('SYSADM', 'GET', path)
      const issued = await this.#must('SYSADM', 'POST', `${path}/token`, { ifMatch: etag })
      const writeUrl = `${this.#world.site.gatewayUrl}/v1/metrics/write`
      const token = text(issued, 'token')
      this.#sender = hasPrometheus
        ? await startPrometheus(writeUrl, token)
        : startEncoder(writeUrl, token)
    }
    const threshold = await this.#must('SYSADM', 'POST', '/v1/thresholds', {
      key: this.#key('threshold'),
      body: {
        name: 'Tablespace APPS_TS_TX_DATA',
        unitId,
        moduleCode: 'GL',
        category: 'DATABASE',
        metric: METRIC,
        matchers: [],
        comparison: 'above',
        transform: 'value',
        warning: 85,
        critical: 97,
        recoverLevel: 80,
        forSeconds: 3,
        reason: 'Defaults 2.6.',
      },
    })
    this.#sender.value = 90
    await eventually(async () => {
      const alerts = await this.#must(
        'SYSADM',
        'GET',
        `/v1/alerts?state=firing&thresholdId=${text(threshold, 'id')}`,
      )
      const [episode] = alerts.body.items as { id: string }[]
      if (episode === undefined) throw new Error('the alert does not fire')
      this.#episodeId = episode.id
    }, 90_000)
    const keyUser = this.#member('keyUser').userName
    await eventually(async () => {
      const tickets = await this.#must(keyUser, 'GET', '/v1/tickets')
      const found = (tickets.body.items as { id: string; alertEpisodeId: string | null }[]).find(
        ({ alertEpisodeId }) => alertEpisodeId === this.#episodeId,
      )
      if (found === undefined) throw new Error('the alert opened no ticket')
      this.#ticketId = found.id
    })
  }

  // 9. Nobody answers

  async escalate(): Promise<void> {
    await eventually(async () => {
      const ticket = await this.#ticket(this.#member('expert').userName)
      expectThat(
        ticket.body.tier === 'L2' && ticket.body.state === 'open',
        `ticket: ${JSON.stringify(ticket.body)}`,
      )
    }, 60_000)
    const keyUser = this.#member('keyUser').userName
    const { etag } = await this.#ticket(keyUser)
    const late = await this.#as(keyUser, 'POST', `/v1/tickets/${this.#ticketId}/acknowledge`, {
      ifMatch: etag,
    })
    expectThat(late.status === 403, `tier 1 can no longer take it: ${late.status}`)
  }

  async #ticket(userName: string): Promise<Answer> {
    return this.#must(userName, 'GET', `/v1/tickets/${this.#ticketId}`)
  }

  // 10. The second tier

  async resolve(): Promise<void> {
    const expert = this.#member('expert').userName
    const keyUser = this.#member('keyUser').userName
    const path = `/v1/tickets/${this.#ticketId}`
    const reached =
      (...states: string[]) =>
      ({ state }: Record<string, unknown>) =>
        states.includes(String(state))
    await this.#onTicket(
      expert,
      `${path}/acknowledge`,
      undefined,
      reached('acknowledged', 'resolved', 'closed'),
    )
    await this.#onTicket(
      expert,
      `${path}/resolve`,
      { resolution: 'A data file was added.' },
      reached('resolved', 'closed'),
    )
    const own = await this.#as(expert, 'POST', `${path}/confirm`, {
      ifMatch: (await this.#ticket(expert)).etag,
      body: { accepted: true, comment: null },
    })
    expectThat(own.status === 409, `who resolved does not confirm: ${own.status}`)
    await this.#onTicket(
      keyUser,
      `${path}/confirm`,
      { accepted: true, comment: 'Thank you.' },
      reached('closed'),
    )
  }

  async #onTicket(
    userName: string,
    path: string,
    body: object | undefined,
    done: (current: Record<string, unknown>) => boolean,
  ) {
    await this.#as(userName, 'GET', '/v1/sessions')
    const token = await this.#tokenOf(userName)
    const ask = body === undefined ? { token } : { token, body }
    await this.#api.change('POST', `/v1/tickets/${this.#ticketId}`, path, ask, done)
  }

  // 11. Recovery and messages

  async recover(): Promise<void> {
    if (this.#sender !== undefined) this.#sender.value = 60
    await eventually(async () => {
      const episode = await this.#must('SYSADM', 'GET', `/v1/alerts/${this.#episodeId}`)
      expectThat(episode.body.state === 'resolved', `alert: ${JSON.stringify(episode.body)}`)
    }, 60_000)
    await eventually(async () => {
      const ticket = await this.#ticket(this.#member('expert').userName)
      expectThat(ticket.body.alertEndedAt !== null, 'the ticket knows that the alert has ended')
    })
    const { mails, calls } = this.#world
    await eventually(() => {
      for (const number of [CAST.keyUser, CAST.expert])
        expectThat(
          mails.some(({ to }) => to.includes(`${number.toLowerCase()}@example.test`)),
          `${number} got a mail`,
        )
      const ours = calls.filter(({ body }) => body.data.ticketId === this.#ticketId)
      expectThat(
        ours.some(({ body }) => body.type === 'ticket.opened'),
        'the webhook heard of the ticket',
      )
      expectThat(
        ours.some(({ body }) => body.type === 'ticket.escalated'),
        'and of the escalation',
      )
      expectThat(
        calls.every(({ genuine }) => genuine),
        'every call is signed',
      )
      return Promise.resolve()
    }, 60_000)
  }

  // 12. The leaver

  async leave(): Promise<void> {
    const leaver = this.#member('leaver')
    const person = `/v1/persons/${leaver.id}`
    const script = await this.#clientToken('SCRIPT')
    const before = await this.#api.must('GET', person, { token: script })
    if (before.body.active === true) {
      if (!this.#logins.has(leaver.userName)) {
        const issued = await this.#must(
          'SECADM',
          'POST',
          `/v1/accounts/${leaver.accountId}/initial-password`,
        )
        await this.#firstSignIn(leaver.userName, text(issued, 'initialPassword'))
      }
      const token = await this.#tokenOf(leaver.userName)
      succeeded(await this.#as(leaver.userName, 'GET', '/v1/tickets'), 'the employee works')
      await this.#api.change(
        'POST',
        person,
        `${person}/leave`,
        { token: script, body: { kind: 'dismissal' } },
        ({ active }) => active === false,
      )
      const left = Date.now()
      await eventually(async () => {
        const refused = await this.#api.ask('GET', '/v1/tickets', { token })
        expectThat(refused.status === 401, `the leaver's token: ${refused.status}`)
      }, 90_000)
      this.refusedAfterMs = Date.now() - left
    }
    const again = await this.#api.ask('POST', '/v1/sessions', {
      body: {
        userName: leaver.userName,
        password: this.#logins.get(leaver.userName)?.password ?? 'x',
      },
    })
    expectThat(again.status === 401, 'nor can the leaver sign in')
    await this.provision()
    const user = this.#ebs.users.get(leaver.userName)
    expectThat(typeof user?.endDate === 'string', 'EBS has an end date for the leaver')
  }

  /** Milliseconds from the answer to the leave until the gateway refused the leaver's token. */
  refusedAfterMs = 0

  // 13. The ledger

  async verifyLedger(): Promise<void> {
    await this.everythingIsInTheLedger()
    const verdict = await this.#must('AUDADM', 'POST', '/v1/audit/verifications')
    expectThat(verdict.body.intact === true, `the chain holds: ${JSON.stringify(verdict.body)}`)
  }

  /** Changes one record behind the product's back and sees that the verification names it. */
  async tamper(): Promise<void> {
    const client = new pg.Client({ connectionString: await this.#world.site.superuserUrl() })
    await client.connect()
    let seq: number
    try {
      await client.query('begin')
      await client.query(`set local session_replication_role = replica`)
      const { rows } = await client.query<{ seq: string }>(
        `update identity.audit_record set envelope = replace(envelope, 'incident', 'accident')
          where seq = (select min(seq) from identity.audit_record where type like 'incident.ticket.escalated%')
          returning seq`,
      )
      seq = Number(rows[0]?.seq)
      await client.query('commit')
    } finally {
      await client.end()
    }
    const verdict = await this.#must('AUDADM', 'POST', '/v1/audit/verifications')
    expectThat(verdict.body.intact === false, 'the change is found')
    const fault = verdict.body.fault as { seq: number }
    expectThat(fault.seq === seq, `and named: ${JSON.stringify(fault)}, changed was ${seq}`)
  }

  /** Every event of every outbox is in the ledger exactly once, and nothing else is. */
  async everythingIsInTheLedger(): Promise<void> {
    const client = new pg.Client({ connectionString: await this.#world.site.superuserUrl() })
    await client.connect()
    try {
      await eventually(async () => {
        const { rows } = await client.query<{
          stated: string
          kept: string
          missing: string
          gaps: string
        }>(`
          with stated as (
            select id from identity.outbox union all select id from incident_tiering.outbox
            union all select id from monitoring_ingest.outbox)
          select (select count(*) from stated) as stated, (select count(*) from identity.audit_record) as kept,
                 (select count(*) from stated s where not exists
                    (select from identity.audit_record a where a.event_id = s.id)) as missing,
                 (select coalesce(max(seq), 0) - count(*) from identity.audit_record) as gaps`)
        const [row] = rows
        expectThat(row?.missing === '0', `events missing in the ledger: ${JSON.stringify(row)}`)
        expectThat(row.gaps === '0', 'the ledger has no gaps')
      }, 60_000)
    } finally {
      await client.end()
    }
  }

  /** What the play must have left behind, once each, whatever happened to the product meanwhile. */
  async everyEffectHappenedOnce(): Promise<void> {
    const client = new pg.Client({ connectionString: await this.#world.site.superuserUrl() })
    await client.connect()
    const count = async (sql: string, values: unknown[] = []) => {
      const { rows } = await client.query<{ n: string }>(
        `select count(*) as n from (${sql}) as counted`,
        values,
      )
      return Number(rows[0]?.n)
    }
    try {
      const facts: Record<string, number> = {
        people: await count('select from identity.person'),
        accounts: await count('select from identity.account where person_id is not null'),
        'accounts created twice': await count(
          `select subject from identity.audit_record where type = 'identity.account.created.v1' group by subject having count(*) > 1`,
        ),
        'tickets of the alert': await count(
          'select from incident_tiering.ticket where alert_episode_id = $1',
          [this.#episodeId],
        ),
        'escalations to tier 2': await count(
          `select from incident_tiering.ticket_entry where ticket_id = $1 and kind = 'escalated' and text like '%passed to L2%'`,
          [this.#ticketId],
        ),
        'tickets of the clerk': await count(
          `select from incident_tiering.ticket where category = 'question'`,
        ),
        webhooks: await count('select from incident_tiering.webhook'),
        'dead letters': await count(
          `select from identity.dead_letter union all select from incident_tiering.dead_letter
           union all select from monitoring_ingest.dead_letter`,
        ),
        'users created twice in EBS': [...this.#ebs.creations.values()].filter((n) => n > 1).length,
      }
      const wanted = {
        people: PEOPLE,
        accounts: PEOPLE,
        'accounts created twice': 0,
        'tickets of the alert': 1,
        'escalations to tier 2': 1,
        'tickets of the clerk': 1,
        webhooks: 1,
        'dead letters': 0,
        'users created twice in EBS': 0,
      }
      expectThat(
        JSON.stringify(facts) === JSON.stringify(wanted),
        `each effect once: ${JSON.stringify(facts, null, 1)}`,
      )
    } finally {
      await client.end()
    }
  }

  #unit(code: string): string {
    const id = this.#units.get(code)
    if (id === undefined) throw new Error(`there is no unit ${code} yet`)
    return id
  }

  #member(part: keyof typeof CAST) {
    const member = this.#people.get(CAST[part])
    if (member === undefined) throw new Error(`${part} was not hired yet`)
    return member
  }
}

/** A secret for a webhook as the product takes it. */
export function webhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

function expectThat(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`It does not hold that: ${what}`)
}

function succeeded(answer: Answer, what: string): Answer {
  expectThat(answer.status < 400, `${what}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer
}

function text(answer: Answer, member: string): string {
  const value = answer.body[member]
  expectThat(typeof value === 'string', `${member} is in ${JSON.stringify(answer.body)}`)
  return value
}

/** Repeats until it holds; rejects with the last reason. */
async function eventually<Result>(
  probe: () => Promise<Result>,
  withinMs = 30_000,
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
