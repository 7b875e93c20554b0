import { said, type Bilingual } from './bilingual.ts'

/** Why a session ended. */
export const sessionEnds = [
  ...(['signed-out', 'idle', 'absolute', 'evicted'] as const),
  ...([
    'refresh-reused',
    'code-reused',
    'password-changed',
    'second-factor-changed',
    'revoked',
    'ended-by-administrator',
  ] as const),
] as const
export type SessionEnd = (typeof sessionEnds)[number]

const texts: Readonly<Record<SessionEnd, Bilingual>> = {
  'signed-out': said('The session was signed out.', '该会话已退出登录。'),
  idle: said('The session was idle for too long.', '该会话闲置时间过长，已结束。'),
  absolute: said('The session reached its longest life.', '该会话已达到最长时限。'),
  evicted: said(
    'More sessions of the account were open than are allowed, and this one ended.',
    '该账号的会话数超过上限，本会话因此结束。',
  ),
  'refresh-reused': said(
    'A refresh token of the session was used twice, so somebody may have copied it.',
    '该会话的刷新令牌被使用了两次，可能已被他人复制。',
  ),
  'code-reused': said(
    'The code of the sign-in was presented twice or by another, so somebody may have copied it.',
    '登录授权码被重复使用或被他人使用，可能已被复制。',
  ),
  'password-changed': said(
    'The password was changed after this session began.',
    '本会话开始之后密码已更改。',
  ),
  'second-factor-changed': said(
    'The second factor was changed after this session began.',
    '本会话开始之后第二验证因素已更改。',
  ),
  revoked: said('The account was revoked.', '该账号已被撤销。'),
  'ended-by-administrator': said('An administrator ended this session.', '管理员结束了该会话。'),
}

/** What the holder of a token is told of the end of its session; of an unknown reason only that it ended. */
export function sessionEndText(reason: string | undefined): Bilingual {
  const known = sessionEnds.find((each) => each === reason)
  return known === undefined
    ? said('The session of the token has ended.', '令牌所属的会话已结束。')
    : texts[known]
}
