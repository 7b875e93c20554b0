import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from './caller.ts'
import {
  eventually,
  expectThat,
  succeeded,
  text,
  UNITS,
  type Company,
  type Step,
} from './company.ts'
import {
  hasPrometheus,
  METRIC,
  sourceToken,
  startEncoder,
  startKeyFigures,
  startPrometheus,
  type MetricSender,
} from './metric-sender.ts'
import type { Call, Mail } from './receivers.ts'

/** Who is told of a ticket from outside. */
export interface Receivers {
  readonly mails: readonly Mail[]
  readonly calls: readonly Call[]
  readonly webhookUrl: string
  readonly webhookSecret: string
}

/** Seconds of the hand-over clock of tier 1 in the play. */
const HANDOVER_SECONDS = 5

/** The first alarm, played from outside through the gateway by the operations that every customer has. */
export class FirstAlarm {
  readonly #company: Company
  readonly #receivers: Receivers | null
  #sender: MetricSender | undefined
  /** How to stop the hosts of the units that send their key figures. */
  readonly #hosts: (() => Promise<void>)[] = []
  /** Set by the steps. */
  episodeId = ''
  ticketId = ''

  /** Without receivers, the messages stay in the product's own delivery ledger. */
  constructor(company: Company, receivers: Receivers | null) {
    this.#company = company
    this.#receivers = receivers
  }

  /** Every step in order, by name. */
  get steps(): readonly Step[] {
    return [
      [
        'the three administrators change their one-time passwords',
        () => this.#company.administratorsSignIn(),
      ],
      [
        'a script takes the three administrators in, and each is named by two',
        () => this.#company.nameAdministrators(),
      ],
      [
        'units, modules and positions exist; rights wait for the security administrator',
        () => this.#company.organise(),
      ],
      [
        'middleware and agent get credentials, confirmed by the security administrator',
        () => this.#company.admitClients(),
      ],
      [
        'an HR feed of 200 persons arrives twice, the second time without effect',
        () => this.#company.hire(),
      ],
      ['the middleware works the EBS tasks off and reads back', () => this.#company.provision()],
      ['a user signs in, must change the password, acts, idles out', () => this.userIdlesOut()],
      ['key users, calendar, clocks and the webhook are set', () => this.prepareSupport()],
      ['a metric source breaches its threshold and a ticket opens', () => this.breach()],
      ['nobody answers in time: the second tier gets the ticket', () => this.escalate()],
      ['the second tier acknowledges and resolves; the first confirms', () => this.resolve()],
      ['the recovery ends the alert; mail and signed webhook have arrived', () => this.recover()],
      ['an employee leaves and is refused within a second', () => this.leave()],
    ]
  }

  /** The watched hosts fall silent. */
  async close(): Promise<void> {
    await this.#sender?.stop()
    await Promise.all(this.#hosts.map((stop) => stop()))
  }

  // A user

  async userIdlesOut(): Promise<void> {
    const clerk = this.#company.member('clerk')
    await this.#company.parameter('identity', 'gateway.session.idle', 'PT4S')
    await this.#company.signIn('clerk')
    // The directory reaches incident-tiering by event; until then it does not know the unit.
    const opened = await eventually(() =>
      this.#company.must(clerk.userName, 'POST', '/v1/tickets', {
        key: this.#company.key('clerk-ticket'),
        body: {
          title: 'How do I reverse a journal?',
          description: 'A posted journal is wrong.',
          category: 'question',
          priority: 'P4',
          unitId: this.#company.unit('U1'),
          moduleCode: 'GL',
        },
      }),
    )
    expectThat(opened.status === 201, 'the user acts')
    const login = this.#company.login(clerk.userName)
    await sleep(4_500)
    const refused = await this.#company.api.ask('POST', '/v1/tokens/refresh', {
      body: { refreshToken: login.refreshToken },
    })
    expectThat(refused.status === 401, `an idle session is not refreshed: ${refused.status}`)
    const late = await this.#company.api.ask('GET', '/v1/tickets', { token: login.token })
    expectThat(late.status === 401, 'nor is its token taken')
    await this.#company.parameter('identity', 'gateway.session.idle', 'PT15M')
  }

  // Support

  async prepareSupport(): Promise<void> {
    const unitId = this.#company.unit('U1')
    const duties = [
      {
        personId: this.#company.member('keyUser').id,
        tier: 'L1',
        kind: 'MODULE',
        unitId,
        moduleCode: 'GL',
      },
      {
        personId: this.#company.member('expert').id,
        tier: 'L2',
        kind: 'MODULE',
        unitId: null,
        moduleCode: 'GL',
      },
    ]
    const authority = await this.#company.signIn('authority')
    for (const duty of duties) {
      // The directory reaches incident-tiering by event; until then it does not know the person.
      await eventually(async () => {
        const answer = await this.#company.as(authority, 'POST', '/v1/key-users', {
          key: this.#company.key(`key-user-${duty.tier}`),
          body: duty,
        })
        expectThat(answer.status === 201, `nominated: ${JSON.stringify(answer.body)}`)
      })
    }
    await this.#roundTheClock(unitId)
    await this.#company.parameter(
      'incident-tiering',
      'incident.tier.l1.handover',
      { clock: 'working', within: `PT${HANDOVER_SECONDS}S` },
      unitId,
    )
    if (this.#receivers !== null)
      await this.#company.must('SYSADM', 'POST', '/v1/webhooks', {
        key: this.#company.key('webhook'),
        body: {
          url: this.#receivers.webhookUrl,
          unitId,
          secret: this.#receivers.webhookSecret,
        },
      })
    for (const part of ['keyUser', 'expert'] as const) await this.#company.signIn(part)
  }

  /** One proposes that the unit works round the clock, another approves. */
  async #roundTheClock(unitId: string): Promise<void> {
    const path = `/v1/calendars/${unitId}`
    for (;;) {
      const current = await this.#company.must('SYSADM', 'GET', path)
      if ((current.body.definition as { kind: string }).kind === 'continuous') return
      const set = await this.#company.as('SYSADM', 'PUT', path, {
        ifMatch: current.etag,
        body: { definition: { kind: 'continuous' }, reason: 'The unit works round the clock.' },
      })
      // With a lost answer the proposal is there already.
      const proposalId = set.status === 202 ? set.body.id : set.body.proposalId
      if (typeof proposalId === 'string')
        await this.#company.approve('incident-tiering', proposalId)
      else expectThat(set.status === 412, `calendar: ${JSON.stringify(set)}`)
    }
  }

  // The alarm

  async breach(): Promise<void> {
    const unitId = this.#company.unit('U1')
    if (this.#sender === undefined) {
      const writeUrl = `${this.#company.api.url}/v1/metrics/write`
      const token = await sourceToken(this.#company, 'prometheus', { unitId, moduleCode: 'GL' })
      this.#sender = hasPrometheus
        ? await startPrometheus(writeUrl, token)
        : startEncoder(writeUrl, token)
      for (const code of UNITS)
        this.#hosts.push(
          startKeyFigures(
            writeUrl,
            await sourceToken(this.#company, `host-${code}`, {
              unitId: this.#company.unit(code),
              moduleCode: null,
            }),
          ),
        )
    }
    const threshold = await this.#company.must('SYSADM', 'POST', '/v1/thresholds', {
      key: this.#company.key('threshold'),
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
      const alerts = await this.#company.must(
        'SYSADM',
        'GET',
        `/v1/alerts?state=firing&thresholdId=${text(threshold, 'id')}`,
      )
      const [episode] = alerts.body.items as { id: string }[]
      if (episode === undefined) throw new Error('the alert does not fire')
      this.episodeId = episode.id
    })
    const keyUser = this.#company.member('keyUser').userName
    await eventually(async () => {
      const tickets = await this.#company.must(keyUser, 'GET', '/v1/tickets')
      const found = (tickets.body.items as { id: string; alertEpisodeId: string | null }[]).find(
        ({ alertEpisodeId }) => alertEpisodeId === this.episodeId,
      )
      if (found === undefined) throw new Error('the alert opened no ticket')
      this.ticketId = found.id
    })
  }

  // Nobody answers

  async escalate(): Promise<void> {
    await eventually(async () => {
      const ticket = await this.#ticket(this.#company.member('expert').userName)
      expectThat(
        ticket.body.tier === 'L2' && ticket.body.state === 'open',
        `ticket: ${JSON.stringify(ticket.body)}`,
      )
    })
    const keyUser = this.#company.member('keyUser').userName
    const { etag } = await this.#ticket(keyUser)
    const late = await this.#company.as(
      keyUser,
      'POST',
      `/v1/tickets/${this.ticketId}/acknowledge`,
      {
        ifMatch: etag,
      },
    )
    expectThat(late.status === 403, `tier 1 can no longer take it: ${late.status}`)
  }

  async #ticket(userName: string): Promise<Answer> {
    return this.#company.must(userName, 'GET', `/v1/tickets/${this.ticketId}`)
  }

  // The second tier

  async resolve(): Promise<void> {
    const expert = this.#company.member('expert').userName
    const keyUser = this.#company.member('keyUser').userName
    const path = `/v1/tickets/${this.ticketId}`
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
    const own = await this.#company.as(expert, 'POST', `${path}/confirm`, {
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
    const token = await this.#company.freshToken(userName)
    const ask = body === undefined ? { token } : { token, body }
    await this.#company.api.change('POST', `/v1/tickets/${this.ticketId}`, path, ask, done)
  }

  // Recovery and messages

  async recover(): Promise<void> {
    if (this.#sender !== undefined) this.#sender.value = 60
    await eventually(async () => {
      const episode = await this.#company.must('SYSADM', 'GET', `/v1/alerts/${this.episodeId}`)
      expectThat(episode.body.state === 'resolved', `alert: ${JSON.stringify(episode.body)}`)
    })
    await eventually(async () => {
      const ticket = await this.#ticket(this.#company.member('expert').userName)
      expectThat(ticket.body.alertEndedAt !== null, 'the ticket knows that the alert has ended')
    })
    if (this.#receivers !== null) await this.#messagesArrived(this.#receivers)
  }

  async #messagesArrived({ mails, calls }: Receivers): Promise<void> {
    await eventually(async () => {
      // They were written to about their passwords too: a mail is known by its id, which the ledger has for the ticket.
      const path = `/v1/notifications?limit=200&ticketId=${this.ticketId}`
      const { body } = await this.#company.must('SYSADM', 'GET', path)
      const told = (body.items as { id: string }[]).map(({ id }) => id)
      for (const part of ['keyUser', 'expert'] as const) {
        const { mail } = this.#company.member(part)
        expectThat(
          mails.some(({ to, text }) => to.includes(mail) && told.some((id) => text.includes(id))),
          `${part} got a mail about the ticket`,
        )
      }
      const ours = calls.filter(({ body }) => body.data.ticketId === this.ticketId)
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
    })
  }

  // The leaver

  async leave(): Promise<void> {
    const leaver = this.#company.member('leaver')
    const person = `/v1/persons/${leaver.id}`
    const script = await this.#company.clientToken('SCRIPT')
    const before = await this.#company.api.must('GET', person, { token: script })
    if (before.body.active === true) {
      await this.#company.signIn('leaver')
      const token = await this.#company.tokenOf(leaver.userName)
      succeeded(await this.#company.as(leaver.userName, 'GET', '/v1/tickets'), 'the employee works')
      await this.#company.api.change(
        'POST',
        person,
        `${person}/leave`,
        { token: script, body: { kind: 'dismissal' } },
        ({ active }) => active === false,
      )
      const left = Date.now()
      await eventually(async () => {
        const refused = await this.#company.api.ask('GET', '/v1/tickets', { token })
        expectThat(refused.status === 401, `the leaver's token: ${refused.status}`)
      })
      this.refusedAfterMs = Date.now() - left
    }
    const again = await this.#company.api.ask('POST', '/v1/sessions', {
      body: {
        userName: leaver.userName,
        password: this.#company.login(leaver.userName).password,
      },
    })
    expectThat(again.status === 401, 'nor can the leaver sign in')
    await this.#company.provision()
    const user = this.#company.ebs.users.get(leaver.userName)
    expectThat(typeof user?.endDate === 'string', 'EBS has an end date for the leaver')
  }

  /** Milliseconds from the answer to the leave until the gateway refused the leaver's token. */
  refusedAfterMs = 0
}

/** A secret for a webhook as the product takes it. */
export function webhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}
