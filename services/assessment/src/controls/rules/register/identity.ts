import * as account from '@erp-steward/contracts/account-events'
import * as audit from '@erp-steward/contracts/audit-events'
import * as client from '@erp-steward/contracts/client-events'
import * as detection from '@erp-steward/contracts/detection-events'
import * as directory from '@erp-steward/contracts/directory-events'
import * as grant from '@erp-steward/contracts/grant-events'
import * as ledger from '@erp-steward/contracts/ledger-events'
import * as provisioning from '@erp-steward/contracts/provisioning-events'
import * as reconciliation from '@erp-steward/contracts/reconciliation-events'
import * as signIn from '@erp-steward/contracts/sign-in-events'
import { AccessRefused } from '@erp-steward/contracts/platform-events'
import type { Control } from '../control.ts'
import {
  IDENTITY,
  PAST,
  breaks,
  control,
  endangers,
  expects,
  mends,
  proves,
  states,
} from './touch.ts'

/** Lengths that the clause does not allow. Source, floor of the parameter. */
const SHORTER_THAN_8 = [0, 1, 2, 3, 4, 5, 6, 7]

/** The search is made every day; a day more until somebody has looked why it was not. Own choice. */
const SEARCH_SERVES = 'P2D'
/** Accounts are watched every hour; a few hours more until somebody has looked why they were not. Own choice. */
const WATCH_SERVES = 'PT6H'

/** A quarter, ten working days to decide, and what is left of the month to see that it was done. Own choice. */
const BUSINESS_REVIEW_SERVES = 'P122D'
/** A month, ten working days, and what is left of the second month. Own choice. */
const PRIVILEGED_REVIEW_SERVES = 'P62D'

/** Clauses that facts of accounts, passwords, sessions and access prove. */
export const identityControls: readonly Control[] = [
  control('A-2.1.1', {
    demand: {
      zh: '账号按流程由两人建立，EBS 侧的建立任务没有失败未处理的；每个管理员账号归属一名在职人员，三员岗位均有人担任。',
      en: 'Accounts are created by two people by the procedure, no creating call to EBS has failed and waits, each administrator account belongs to a person, and each of the three roles is held.',
    },
    proof: {
      zh: '账号建立、管理员归属、岗位有人担任及 EBS 任务完成的事实。',
      en: 'Accounts created, administrators named, roles filled, and EBS tasks done.',
    },
    counterExample: {
      zh: 'EBS 建立用户、职责或角色的任务失败；管理员账号无归属人（有风险）；某一管理员岗位无人担任。',
      en: 'A call that creates a user, responsibility or role in EBS fails; an administrator account belongs to nobody (at risk); one of the three roles is held by nobody.',
    },
    from: IDENTITY,
    touches: [
      proves(account.AccountCreated),
      proves(provisioning.ProvisioningDone),
      mends(provisioning.ProvisioningDone, '{taskId}'),
      breaks(provisioning.ProvisioningFailed, '{taskId}', {
        when: { kind: ['create-user', 'add-responsibility', 'add-role'] },
        why: 'An account that EBS does not get is not created.',
      }),
      mends(provisioning.ProvisioningSuperseded, '{taskId}', {
        why: 'The call is no longer wanted.',
      }),
      endangers(account.AdministratorUnnamed, '{accountId}'),
      mends(account.AdministratorNamed, '{accountId}'),
      mends(account.AccountDisabled, '{accountId}', {
        why: 'An account that nobody can use belongs to nobody by right.',
      }),
      breaks(account.AdministratorRoleVacant, '{role}'),
      mends(account.AdministratorRoleFilled, '{role}'),
    ],
  }),
  control('A-2.1.2', {
    demand: {
      zh: '权限由已批准的岗位权限表或经多人审批的申请授予；无人在没有例外的情况下持有不相容的职责；与 EBS 对账未发现未经批准的权限。',
      en: 'Rights come from an approved row of the position matrix or from a request that several people approved; nobody holds incompatible duties without an exception in force, and no comparison with EBS found a right that nobody approved.',
    },
    proof: {
      zh: '授权生效的事实，附岗位权限表版本、审批人和不相容职责检查结果。',
      en: 'Grants applied, with the version of the matrix row, the approver and the check of incompatible duties.',
    },
    counterExample: {
      zh: '全员检查发现有人持有不相容的职责且无例外；对账发现 EBS 中有未经批准的权限。',
      en: 'The look over all people finds incompatible duties that no exception covers; a comparison finds a right in EBS that nobody approved.',
    },
    from: IDENTITY,
    touches: [
      proves(grant.GrantsApplied),
      breaks(grant.SodViolationFound, '{violationId}'),
      mends(grant.SodViolationEnded, '{violationId}'),
      breaks(reconciliation.DriftFound, '{findingId}', {
        when: { kind: ['unapproved-grant'] },
        why: 'Somebody has in EBS what nobody approved here.',
      }),
      mends(reconciliation.DriftClosed, '{findingId}', {
        why: 'It was approved, or EBS no longer has it.',
      }),
    ],
  }),
  control('A-2.1.3', {
    demand: {
      zh: '部门在离职或岗位变动当日起的容许时间内通知；以人事数据的日期为准。',
      en: 'Departments tell that somebody leaves or moves within the time tolerated after the day; the day of the personnel system counts.',
    },
    proof: {
      zh: '对每次离职与岗位变动的判定：部门按时通知。',
      en: 'Each leave and move judged: the department told in time.',
    },
    counterExample: {
      zh: '部门迟报；人事系统已有记录而部门在期限内未通知。',
      en: 'A department tells too late; the personnel system knows of a leave or move and the department does not tell in its time.',
    },
    from: IDENTITY,
    touches: [
      proves(directory.DepartureJudged, '', { when: { verdict: ['in-time'] } }),
      mends(directory.DepartureJudged, '{departureId}', {
        when: { verdict: ['in-time', 'withdrawn'] },
        why: 'The day was another one, or nobody left.',
      }),
      breaks(directory.DepartureJudged, '{departureId}', {
        when: { verdict: ['late', 'missing'] },
        lasts: PAST,
      }),
    ],
  }),
  control('A-2.1.4', {
    demand: {
      zh: '离职或调动人员的账号已在时限内停用或调整，EBS 侧的停用和收回已在时限内完成并读回，没有失败、没有不一致；与 EBS 对账未发现已停用人员仍可登录。',
      en: 'Accounts of leavers and movers are disabled or adjusted in time, and EBS has their end dates, in time and read back; no task failed or disagrees, and no comparison with EBS found somebody who is shut out here and open there.',
    },
    proof: {
      zh: '账号停用（含是否在时限内）、角色变更及 EBS 任务完成并读回的事实。',
      en: 'Accounts disabled, with whether in time, roles changed, and EBS tasks done and read back.',
    },
    counterExample: {
      zh: '停用超出时限；EBS 停用或收回任务到期仍在排队；EBS 任务失败或读回不一致；对账发现已停用账号在 EBS 中未终止或被重新启用；中间件停止上传 EBS 现状（有风险）。',
      en: 'The account is disabled late; a task that ends something in EBS is still queued at its time; a task in EBS fails or reads back another state; a comparison finds a user who is not ended, or opened again; the middleware no longer tells what EBS holds (at risk).',
    },
    from: IDENTITY,
    touches: [
      proves(account.AccountDisabled, '', { when: { leave: [null] } }),
      proves(account.AccountDisabled, '', { when: { 'leave.withinTarget': [true] } }),
      breaks(account.AccountDisabled, '{accountId}', {
        when: { 'leave.withinTarget': [false] },
        lasts: PAST,
      }),
      proves(account.AccountRolesChanged),
      expects(provisioning.ProvisioningQueued, '{taskId}', {
        when: { '!dueAt': [null] },
        due: 'dueAt',
      }),
      breaks(provisioning.ProvisioningFailed, '{taskId}'),
      breaks(provisioning.ProvisioningDrift, '{taskId}'),
      mends(provisioning.ProvisioningDone, '{taskId}'),
      mends(provisioning.ProvisioningSuperseded, '{taskId}'),
      breaks(reconciliation.DriftFound, '{findingId}', {
        when: { kind: ['not-disabled', 'reopened'] },
        why: 'EBS still lets in somebody who is shut out here.',
      }),
      mends(reconciliation.DriftClosed, '{findingId}'),
      endangers(reconciliation.EbsSilent, 'ebs'),
      mends(reconciliation.EbsCompared, 'ebs'),
    ],
  }),
  control('A-2.1.6', {
    demand: {
      zh: '每次登录和审批均按转借判定规则检查，每个转借事项都由人作出决定，没有未决的。',
      en: 'Every sign-in and approval is looked at for signs of sharing, and each case of lending was decided by a person.',
    },
    proof: {
      zh: '每小时一次的检查统计，六小时内有效；转借事项的裁定。',
      en: 'The hourly count of what was looked at, serving for six hours; decisions of cases.',
    },
    counterExample: {
      zh: '有转借事项尚未裁定（有风险）；六小时没有检查统计。',
      en: 'A case of lending waits for a decision (at risk); nothing was counted for six hours.',
    },
    from: IDENTITY,
    touches: [
      proves(detection.AccountsWatched, '', { lasts: WATCH_SERVES }),
      endangers(detection.AccountCaseOpened, '{caseId}', { when: { kind: ['lending'] } }),
      mends(detection.AccountCaseDecided, '{caseId}'),
    ],
  }),
  control('A-2.1.7', {
    demand: {
      zh: '被报告盗用或存在风险的账号，在裁定之前均已冻结。',
      en: 'Every account that was reported stolen or at risk is shut until a person has decided.',
    },
    proof: {
      zh: '每小时一次的统计：没有被报告而仍可使用的账号，六小时内有效。',
      en: 'The hourly count of reported accounts that can be used, which is none; it serves for six hours.',
    },
    counterExample: {
      zh: '被报告盗用的账号仍可使用；六小时没有统计。',
      en: 'An account that was reported can be used; nothing was counted for six hours.',
    },
    from: IDENTITY,
    touches: [
      ...states(detection.AccountsWatched, 'theft', 'unshutThefts', [0], { lasts: WATCH_SERVES }),
    ],
  }),
  control('A-2.1.8', {
    demand: {
      zh: '盗用和转借事项均在一周内由安全管理员查看操作记录后作出决定。',
      en: 'Cases of theft and lending are decided within a week, after the security administrator has looked at what the account did.',
    },
    proof: {
      zh: '每小时一次的统计：没有超过一周未决的事项，六小时内有效；裁定附操作记录摘要。',
      en: 'The hourly count of cases that wait for more than a week, which is none; it serves for six hours. Decisions carry a digest of the records.',
    },
    counterExample: {
      zh: '有事项超过一周未决；六小时没有统计。',
      en: 'A case has waited for a week; nothing was counted for six hours.',
    },
    from: IDENTITY,
    touches: [
      ...states(detection.AccountsWatched, 'cases', 'waitingLong', [0], { lasts: WATCH_SERVES }),
    ],
  }),
  control('A-2.2.1', {
    demand: {
      zh: '每个人都以本人的账号和密码登录；管理员另须使用第二验证因素。',
      en: 'Everybody signs in with an account and a password of the own, and administrators with a second factor, too.',
    },
    proof: {
      zh: '登录的事实（账号、时间、地址、设备、验证方式）；每小时清点没有缺少第二验证因素的管理员。',
      en: 'Sign-ins, with account, time, address, device and what was proved; the hourly count finds no administrator without a second factor.',
    },
    counterExample: {
      zh: '有管理员已设置密码而没有第二验证因素；身份服务三小时无消息，或从未有人登录。',
      en: 'An administrator has a password and no second factor; nothing is heard of identity for three hours, or nobody ever signed in.',
    },
    from: IDENTITY,
    touches: [
      proves(signIn.SignedIn),
      breaks(signIn.SignInRulesChecked, 'now', { when: { '!administratorsWithoutFactor': [0] } }),
      mends(signIn.SignInRulesChecked, 'now', { when: { administratorsWithoutFactor: [0] } }),
    ],
  }),
  control('A-2.2.2', {
    demand: {
      zh: '未发现有人使用他人账号：每次登录和审批均已检查，没有未决的盗用或转借事项。',
      en: 'Nobody was found to use the account of another: every sign-in and approval was looked at, and no case of theft or lending waits.',
    },
    proof: {
      zh: '每小时一次的检查统计，六小时内有效。',
      en: 'The hourly count of what was looked at, serving for six hours.',
    },
    counterExample: {
      zh: '有盗用或转借事项尚未裁定（有风险）；六小时没有检查统计。',
      en: 'A case waits for a decision (at risk); nothing was counted for six hours.',
    },
    from: IDENTITY,
    touches: [
      proves(detection.AccountsWatched, '', { lasts: WATCH_SERVES }),
      endangers(detection.AccountCaseOpened, '{caseId}'),
      mends(detection.AccountCaseDecided, '{caseId}'),
    ],
  }),
  control('A-2.2.3', {
    demand: {
      zh: '首次登录者在做其他事之前更换初始密码；过期的初始密码不打开任何会话。',
      en: 'Whoever signs in for the first time replaces the initial password before anything else, and one past its time opens nothing.',
    },
    proof: {
      zh: '替换初始密码的事实；每小时清点没有超期会话。',
      en: 'Changes of password that replaced an initial one; the hourly count finds no session past its time.',
    },
    counterExample: {
      zh: '以初始密码登录却未被要求更换；初始密码过期后其会话仍然存在；身份服务三小时无消息，或从未有人更换。',
      en: 'A sign-in with an initial password is not told to change it; a session outlives the initial password that opened it; nothing is heard of identity for three hours, or nobody ever replaced one.',
    },
    from: IDENTITY,
    touches: [
      proves(signIn.PasswordChanged, '', { when: { replacedInitial: [true] } }),
      breaks(signIn.SignedIn, '{sessionId}', {
        when: { initialPassword: [true], mustChangePassword: [false] },
        lasts: PAST,
        why: 'It opens more than the change.',
      }),
      breaks(signIn.SignInRulesChecked, 'now', { when: { '!sessionsPastInitial': [0] } }),
      mends(signIn.SignInRulesChecked, 'now', { when: { sessionsPastInitial: [0] } }),
    ],
  }),
  control('A-2.2.4', {
    demand: {
      zh: '每个现用密码都是在要求字母、数字和特殊字符的规则下设置的。',
      en: 'Every password in force was taken under rules that ask for letters, digits and special characters.',
    },
    proof: {
      zh: '通过检查后才有的密码变更事实；每小时清点没有规则较弱的现用密码。',
      en: 'Changes of password, which happen only after the check; the hourly count finds none of weaker rules in force.',
    },
    counterExample: {
      zh: '在类别少于三种的规则下设置密码；现用密码中有这样的；身份服务三小时无消息，或从未有过变更。',
      en: 'A password is taken under rules for fewer than three classes, or such a one is in force; nothing is heard of identity for three hours, or no password was ever changed.',
    },
    from: IDENTITY,
    touches: [
      proves(signIn.PasswordChanged, '', { when: { classes: [3, 4] } }),
      breaks(signIn.PasswordChanged, '{accountId}', { when: { '!classes': [3, 4] } }),
      mends(signIn.PasswordChanged, '{accountId}', { when: { classes: [3, 4] } }),
      breaks(signIn.SignInRulesChecked, 'now', { when: { '!withoutClasses': [0] } }),
      mends(signIn.SignInRulesChecked, 'now', { when: { withoutClasses: [0] } }),
      breaks(reconciliation.DriftFound, '{findingId}', {
        when: {
          kind: ['profile-option'],
          name: ['SIGNON_PASSWORD_HARD_TO_GUESS', 'SIGNON_PASSWORD_CUSTOM', 'SIGNON_PASSWORD_CASE'],
        },
        why: 'EBS itself is set otherwise.',
      }),
      mends(reconciliation.DriftClosed, '{findingId}', { why: 'EBS is set as wanted.' }),
    ],
  }),
  control('A-2.2.5', {
    demand: {
      zh: '每个现用密码都是在不少于 8 位的规则下设置的。',
      en: 'Every password in force was taken under a rule of at least 8 characters.',
    },
    proof: {
      zh: '通过检查后才有的密码变更事实；每小时清点没有规则较短的现用密码。',
      en: 'Changes of password, which happen only after the check; the hourly count finds none of shorter rules in force.',
    },
    counterExample: {
      zh: '在少于 8 位的规则下设置密码；现用密码中有这样的；对账发现 EBS 自身的设置更短；身份服务三小时无消息，或从未有过变更。',
      en: 'A password is taken under a rule for less than 8 characters, or such a one is in force; a comparison finds EBS itself set to less; nothing is heard of identity for three hours, or no password was ever changed.',
    },
    from: IDENTITY,
    touches: [
      proves(signIn.PasswordChanged, '', { when: { '!minLength': SHORTER_THAN_8 } }),
      breaks(signIn.PasswordChanged, '{accountId}', { when: { minLength: SHORTER_THAN_8 } }),
      mends(signIn.PasswordChanged, '{accountId}', { when: { '!minLength': SHORTER_THAN_8 } }),
      breaks(signIn.SignInRulesChecked, 'now', { when: { '!tooShort': [0] } }),
      mends(signIn.SignInRulesChecked, 'now', { when: { tooShort: [0] } }),
      breaks(reconciliation.DriftFound, '{findingId}', {
        when: { kind: ['profile-option'], name: ['SIGNON_PASSWORD_LENGTH'] },
        why: 'EBS itself is set otherwise.',
      }),
      mends(reconciliation.DriftClosed, '{findingId}', { why: 'EBS is set as wanted.' }),
    ],
  }),
  control('A-2.2.6', {
    demand: {
      zh: '用户可以退出，退出后其令牌立即失效。',
      en: 'Users can sign out, and their tokens are void at once.',
    },
    proof: {
      zh: '用户退出的会话，及账号令牌吊销的事实。',
      en: 'Sessions that users signed out of, and accounts revoked.',
    },
    counterExample: {
      zh: '会话只因到限结束，从未有人退出；身份服务三小时无消息。',
      en: 'Sessions only ended by their limits, and nobody ever signed out; nothing is heard of identity for three hours.',
    },
    from: IDENTITY,
    touches: [
      proves(signIn.SessionEnded, '', { when: { reason: ['signed-out'] } }),
      proves(signIn.AccountRevoked),
    ],
  }),
  control('A-2.2.7', {
    demand: {
      zh: '没有会话在闲置或总时长到限后仍然存在。',
      en: 'No session outlives its limit of idleness or of age.',
    },
    proof: {
      zh: '会话结束的事实；每小时清点没有超限会话。',
      en: 'Sessions ended; the hourly count finds none past its limits.',
    },
    counterExample: {
      zh: '到限五分钟后会话仍然存在；对账发现 EBS 自身的时限更宽；身份服务三小时无消息，或从未有会话结束。',
      en: 'A session is open five minutes after its limit; a comparison finds wider limits in EBS itself; nothing is heard of identity for three hours, or no session ever ended.',
    },
    from: IDENTITY,
    touches: [
      proves(signIn.SessionEnded),
      breaks(signIn.SignInRulesChecked, 'now', { when: { '!sessionsPastLimit': [0] } }),
      mends(signIn.SignInRulesChecked, 'now', { when: { sessionsPastLimit: [0] } }),
      breaks(reconciliation.DriftFound, '{findingId}', {
        when: { kind: ['profile-option'], name: ['ICX_SESSION_TIMEOUT', 'ICX_LIMIT_TIME'] },
        why: 'EBS itself is set otherwise.',
      }),
      mends(reconciliation.DriftClosed, '{findingId}', { why: 'EBS is set as wanted.' }),
    ],
  }),
  control('A-4.2.4', {
    demand: {
      zh: '未授权的访问被拒绝，并留下记录。',
      en: 'Unauthorised access is refused and leaves a trace.',
    },
    proof: {
      zh: '访问被拒、登录失败、账号锁定的事实。',
      en: 'Access refused, sign-ins failed and locked.',
    },
    counterExample: {
      zh: '从未有拒绝记录；身份服务三小时无消息。',
      en: 'No refusal was ever stated; nothing is heard of identity for three hours.',
    },
    from: IDENTITY,
    touches: [
      proves(AccessRefused),
      proves(signIn.LoginFailed),
      proves(signIn.SignInLocked),
      proves(client.ClientSecretIssued),
    ],
  }),
  control('A-4.3.1', {
    demand: {
      zh: '各表中没有明文的姓名、邮箱、工号、用户名，也没有明文的 EBS 调用；签名密钥按期轮换并加密保存。',
      en: 'No table holds a name, address, employee number, user name or call to EBS in clear; signing keys are rotated in time and kept encrypted.',
    },
    proof: {
      zh: '每天一次、每次启动一次的明文查找，无一行为明文，两天内有效；签名密钥轮换不早于 13 个月。',
      en: 'A search for what lies in clear that found no row, made at each start and every day, serving for two days; signing keys rotated within thirteen months.',
    },
    counterExample: {
      zh: '任何一张表中有一行为明文；两天没有查找；密钥 13 个月未轮换。',
      en: 'One row of any table lies in clear; nobody searched for two days; no key was rotated for thirteen months.',
    },
    requires: {
      sealing: {
        zh: '已查找明文且未发现。',
        en: 'What lies in clear was searched for and not found.',
      },
      'signing-key': { zh: '签名密钥已轮换。', en: 'A signing key was rotated.' },
    },
    from: IDENTITY,
    fresh: {
      duration: 'P13M',
      reason: 'A key is replaced at least once a year; a month until it was done. Own choice.',
    },
    touches: [
      proves(signIn.SigningKeyRotated, 'signing-key'),
      proves(directory.SensitiveDataSealed, 'sealing', { lasts: SEARCH_SERVES }),
      mends(directory.SensitiveDataSealed, 'sealing'),
      breaks(directory.SensitiveDataInClear, 'sealing', {
        why: 'Whoever reads the table, a dump or a replica reads who it is.',
      }),
    ],
  }),
  control('A-4.3.3', {
    demand: {
      zh: '权限随岗位或经批准授予，并按期由他人逐项复核：业务权限每季度、特权每月；到期无人确认的权限已全部收回。',
      en: 'Rights come with the position or by approval, and others look over each of them in time: what a business holds every quarter, what is privileged every month; what nobody certified by the deadline is revoked, all of it.',
    },
    proof: {
      zh: '两类权限复核结束的事实，附确认、收回、到期收回的数量及全部结论的摘要。',
      en: 'Reviews of both kinds closed, with how many grants were certified, revoked and lapsed, and the digest of all decisions.',
    },
    counterExample: {
      zh: '复核到期一小时后仍未结束，即仍有无人确认的权限有效；四个月没有业务权限复核结束；两个月没有特权复核结束。',
      en: 'An hour after its deadline a review has not ended, so that rights nobody certified are in force; no business review ended for four months, or none of what is privileged for two.',
    },
    requires: {
      business: { zh: '业务权限复核已结束。', en: 'A review of what people hold ended.' },
      privileged: { zh: '特权复核已结束。', en: 'A review of what is privileged ended.' },
    },
    from: IDENTITY,
    touches: [
      proves(grant.AccessReviewClosed, 'business', {
        when: { kind: ['business'] },
        lasts: BUSINESS_REVIEW_SERVES,
      }),
      proves(grant.AccessReviewClosed, 'privileged', {
        when: { kind: ['privileged'] },
        lasts: PRIVILEGED_REVIEW_SERVES,
      }),
      expects(grant.AccessReviewOpened, '{reviewId}', { due: 'endedBy' }),
      mends(grant.AccessReviewClosed, '{reviewId}'),
    ],
  }),
  control('A-4.3.4', {
    demand: {
      zh: '审计账本每天核验，最近一次核验完好：链条无误，库外的见证者均不矛盾且能答复；到期的安全审计均已由审计管理员签署。',
      en: 'The audit ledger is verified every day, and was intact the last time: the chain is sound, and every witness outside its database answers and agrees; and the audit administrator has signed every audit that is due.',
    },
    proof: {
      zh: '账本核验的事实，不早于两天；审计开始与审计报告签署的事实。',
      en: 'Verifications of the ledger, within two days; audits opened, and their reports signed.',
    },
    counterExample: {
      zh: '记录被删、被改或被截尾；签名的链头不符；见证者无答复；两天未核验；安全审计逾期未签署。',
      en: 'A record is removed, changed or cut off, or a signed head contradicts the chain; a witness does not answer; nothing was verified for two days; an audit is not signed at its time.',
    },
    from: IDENTITY,
    fresh: {
      duration: 'P2D',
      reason: 'The ledger is verified every night; the second one leaves time to mend the job.',
    },
    touches: [
      proves(ledger.LedgerVerified, 'ledger', { when: { intact: [true] } }),
      mends(ledger.LedgerVerified, 'ledger', { when: { intact: [true] } }),
      breaks(ledger.LedgerVerified, 'ledger', {
        when: { intact: [false], '!state': ['unproven'] },
      }),
      endangers(ledger.LedgerVerified, 'ledger', { when: { state: ['unproven'] } }),
      expects(audit.AuditOpened, '{taskId}', { due: 'dueAt' }),
      mends(audit.AuditReportSigned, '{taskId}'),
    ],
  }),
]
