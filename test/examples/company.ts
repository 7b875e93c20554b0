import { Authenticator } from '@erp-steward/test-kit/authenticator'
import type { Answer, Body, Play } from './play.ts'

/** Passwords of the examples: words of a fiction, as long as the strictest profile asks. */
export const OWN_PASSWORD = 'Example-Only-2026!'

/** A person of the company who uses the product. */
export interface Member {
  readonly id: string
  readonly userName: string
  readonly accountId: string
}

/** Who and what the story has met, for later chapters. */
export class Company {
  readonly play: Play
  readonly members = new Map<string, Member>()
  readonly units = new Map<string, string>()
  readonly clients = new Map<string, string>()
  readonly #devices = new Map<string, Authenticator>()

  constructor(play: Play) {
    this.play = play
  }

  /** User name of a person by employee number. */
  who(employeeNumber: string): string {
    return this.member(employeeNumber).userName
  }

  member(employeeNumber: string): Member {
    return met(this.members, employeeNumber)
  }

  unit(code: string): string {
    return met(this.units, code)
  }

  client(name: string): string {
    return met(this.clients, name)
  }

  /** Takes up who was answered as a person. */
  async meet(employeeNumber: string): Promise<Member> {
    const { play } = this
    const persons = await play.call('listPersons', { as: 'hr-sync', query: { employeeNumber } })
    const person = firstOf(persons)
    const accounts = await play.call('listAccounts', {
      as: 'SECADM',
      query: { personId: textOf(person, 'id') },
    })
    const account = firstOf(accounts)
    const member = {
      id: textOf(person, 'id'),
      userName: textOf(account, 'userName'),
      accountId: textOf(account, 'id'),
    }
    this.members.set(employeeNumber, member)
    return member
  }

  /** Lets an account sign in with its own password from now on, and a code of its authenticator app if it has one. */
  admit(userName: string, password = OWN_PASSWORD): void {
    this.play.admit(userName, async () => {
      const device = this.#devices.get(userName)
      const code = device === undefined ? undefined : await this.codeOf(device)
      return this.play.call('signIn', { body: { userName, password, code } })
    })
  }

  /** A code that the app has not given out yet; the day goes on until there is one. */
  async codeOf(device: Authenticator): Promise<string> {
    const { play } = this
    let code = device.unusedCode(play.stage.now())
    while (code === null) {
      await play.pass(0.5)
      code = device.unusedCode(play.stage.now())
    }
    play.names.hide(code, '123456')
    return code
  }

  /** Sets up an authenticator app for who is signed in, whose tokens are renewed next. */
  async setUpFactor(userName: string, isShown = false): Promise<Authenticator> {
    const { play } = this
    const send = (operationId: string, summary: string, body: Body) =>
      isShown
        ? play.show(operationId, summary, { as: userName, body })
        : play.call(operationId, { as: userName, body })
    const begun = await send('beginOwnSecondFactor', 'A secret for the authenticator app', {
      password: OWN_PASSWORD,
    })
    const device = new Authenticator(textOf(begun.body, 'secret'))
    const code = await this.codeOf(device)
    await send('confirmOwnSecondFactor', 'The first code that the app shows', { code })
    this.#devices.set(userName, device)
    this.admit(userName)
    return device
  }

  /** Whoever has no authenticator app any more signs in without. */
  forgetDevice(userName: string): void {
    this.#devices.delete(userName)
    this.admit(userName)
  }

  /** Chooses the own password in place of the one to begin with. */
  async choosePassword(userName: string, currentPassword: string): Promise<void> {
    const { play } = this
    play.names.hide(currentPassword, 'one-time-password')
    play.admit(userName, () =>
      play.call('signIn', { body: { userName, password: currentPassword } }),
    )
    await play.call('changeOwnPassword', {
      as: userName,
      body: { currentPassword, newPassword: OWN_PASSWORD },
    })
    this.admit(userName)
  }

  /** Gives somebody a first password in two halves; a third vouches for them, so that they may approve at once. */
  async welcome(employeeNumber: string): Promise<string> {
    const { play } = this
    const { accountId, userName } = await this.meet(employeeNumber)
    const path = { id: accountId }
    const first = await play.call('issueInitialPassword', { as: 'SECADM', path })
    const second = await play.call('completeInitialPassword', { as: 'SYSADM', path })
    await this.choosePassword(userName, `${claimCode(first)}-${claimCode(second)}`)
    await play.call('confirmIdentity', {
      as: 'AUDADM',
      path,
      body: { how: '本人持身份证到场核对。' },
    })
    play.signInAnew(userName)
    return userName
  }

  /** The system administrator asks for a change of rights, another one decides; answers the change. */
  async confirmed(change: object, reason: string, decider = 'SECADM'): Promise<Answer> {
    const asked = await this.play.call('requestAccountChange', {
      as: 'SYSADM',
      body: { change, reason },
    })
    return this.play.call('approveAccountChange', {
      as: decider,
      path: { id: textOf(asked.body, 'id') },
      body: null,
    })
  }

  /** A program with an id and a secret, taken in by two; it signs in by itself. */
  async employ(name: string, role: string): Promise<string> {
    const change = await this.confirmed(
      { kind: 'create-client', name, role, unitId: null },
      '对接程序上线。',
    )
    const id = textOf(change.body, 'subjectId')
    const path = { id }
    const first = await this.play.call('issueClientSecret', { as: 'SYSADM', path })
    const second = await this.play.call('completeClientSecret', { as: 'AUDADM', path })
    this.letWork(name, id, claimCode(first) + claimCode(second))
    return id
  }

  letWork(name: string, id: string, secret: string): void {
    this.clients.set(name, id)
    this.play.names.hide(secret, `example-secret-of-${name}`)
    this.play.admit(name, () =>
      this.play.call('grantToken', {
        contentType: 'application/x-www-form-urlencoded',
        body: { grant_type: 'client_credentials', client_id: id, client_secret: secret },
      }),
    )
  }

  /** Approves, as somebody, what another proposed. */
  async approved(service: string, proposal: Answer, as: string): Promise<Answer> {
    return this.play.call(`approve${service}Proposal`, {
      as,
      path: { id: textOf(proposal.body, 'id') },
      body: null,
    })
  }
}

function met<Value>(known: ReadonlyMap<string, Value>, name: string): Value {
  const value = known.get(name)
  if (value === undefined) throw new Error(`the story has not met ${name} yet`)
  return value
}

export function claimCode({ body }: Answer): string {
  return textOf(body, 'claimCode')
}

/** A text member of an answer. */
export function textOf(body: Body, member: string): string {
  const value = body[member]
  if (typeof value !== 'string') throw new Error(`no ${member} in ${JSON.stringify(body)}`)
  return value
}

/** What a list answers. */
export function itemsOf({ body }: Answer): readonly Body[] {
  return body.items as readonly Body[]
}

export function firstOf(answer: Answer): Body {
  const [first] = itemsOf(answer)
  if (first === undefined) throw new Error(`nothing is listed: ${JSON.stringify(answer.body)}`)
  return first
}
