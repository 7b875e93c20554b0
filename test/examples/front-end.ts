import { OWN_PASSWORD, textOf, type Company } from './company.ts'

const contentType = 'application/x-www-form-urlencoded'
const CALLBACK = 'https://portal.hd.example.test/signed-in'
/** What the front end keeps until it exchanges the code, and what it sends of it before (PKCE). */
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

/** A portal of the company signs people in by the product: registered by two, then used by one. */
export async function frontEnd(company: Company): Promise<void> {
  const { play } = company
  const change = await company.confirmed(
    {
      kind: 'create-client',
      name: '员工门户',
      role: 'FRONT_END',
      unitId: null,
      redirectUris: [CALLBACK],
      signOutUris: ['https://portal.hd.example.test/'],
    },
    '员工门户接入统一登录。',
  )
  const client = { client_id: textOf(change.body, 'subjectId') }
  const request = {
    ...client,
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: 'openid profile ticket.read',
    state: 'af0ifjsldkj',
    nonce: 'n-0S6_WzA2Mj',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
  }
  const person = company.who('H20003')
  await play.show('showSignIn', 'The portal sends somebody here to sign in', { query: request })
  const sent = await play.show('signInForFrontEnd', 'The person signs in and is sent back', {
    contentType,
    body: { ...request, user_name: person, password: OWN_PASSWORD },
  })
  const tokens = await play.show('grantToken', 'The portal exchanges the code', {
    contentType,
    body: {
      grant_type: 'authorization_code',
      code: codeIn(sent.headers.location),
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
      ...client,
    },
  })
  play.admit('portal', () => Promise.resolve(tokens))
  await play.show('readUserInfo', 'Who it is', { as: 'portal' })
  const hint = { id_token_hint: textOf(tokens.body, 'id_token') }
  await play.show('signOutOfFrontEnd', 'The portal ends the session of the person', {
    query: { ...hint, post_logout_redirect_uri: 'https://portal.hd.example.test/' },
  })
  await play.show('postSignOut', 'The same by a form', { contentType, body: hint })
  // The newer sign-in may have ended an older one.
  play.signInAnew(person)
}

const codeIn = (location = '') => new URL(location).searchParams.get('code') ?? ''
