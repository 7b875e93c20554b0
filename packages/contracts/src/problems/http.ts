import { said } from '../bilingual.ts'
import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals of every service and of the gateway: the request itself, access, and failures on our side. */
export const httpProblems = {
  // Requests
  'malformed-request': problem(
    400,
    said('The request cannot be read', '请求无法解析'),
    said(
      'Send well-formed JSON, a known content type and readable parameters.',
      '请发送格式正确的 JSON，使用可识别的内容类型和可解析的参数。',
    ),
    ['errors'],
  ),
  'idempotency-key-missing': problem(
    400,
    said('An Idempotency-Key is required', '缺少 Idempotency-Key'),
    said(
      'Repeat the request with a new Idempotency-Key header of 1 to 255 characters.',
      '请带上新的 Idempotency-Key 请求头（1 至 255 个字符）重新提交。',
    ),
  ),
  'cursor-unusable': problem(
    400,
    said('The page cursor is not usable', '分页游标无效'),
    said('Start again from the first page.', '请从第一页重新查询。'),
    ['errors'],
  ),
  'validation-failed': problem(
    422,
    said('The request does not match its schema', '请求内容不符合规定'),
    said('Correct the members listed in `errors`.', '请更正 `errors` 中列出的各项。'),
    ['errors'],
  ),
  'idempotency-key-reused': problem(
    422,
    said('The Idempotency-Key was used for another request', 'Idempotency-Key 已用于其他请求'),
    said('Use a new key for a new request.', '新的请求请使用新的 Idempotency-Key。'),
  ),
  'body-too-large': problem(
    413,
    said('The body is too large', '请求体过大'),
    said('Send less, or in several requests.', '请减少内容，或分多次提交。'),
  ),
  'media-type-unsupported': problem(
    415,
    said('The content type is not supported', '不支持的内容类型'),
    said(
      'Use the content type that the operation documents.',
      '请使用该操作文档中规定的内容类型。',
    ),
  ),
  'precondition-required': problem(
    428,
    said('An If-Match header is required', '缺少 If-Match'),
    said(
      'Read the resource and repeat the change with its ETag in If-Match.',
      '请先读取该资源，将其 ETag 填入 If-Match 后再提交修改。',
    ),
  ),
  'version-stale': problem(
    412,
    said('The resource has changed since you read it', '资源已被他人修改'),
    said('Read it again and decide anew.', '请重新读取后再作决定。'),
    ['currentVersion'],
  ),
  // Access
  unauthenticated: problem(
    401,
    said('A valid token is required', '需要有效令牌'),
    said('Sign in or fetch a new token.', '请登录或重新获取令牌。'),
  ),
  'token-revoked': problem(
    401,
    said('The token has been revoked', '令牌已被撤销'),
    said('Sign in again if the account may still be used.', '账号如仍可使用，请重新登录。'),
  ),
  'permission-missing': problem(
    403,
    said('The permission is missing', '没有权限'),
    said(
      'Ask the security administrator for the role that holds the permission.',
      '请联系安全管理员，申请拥有该权限的角色。',
    ),
    ['permission', 'roles'],
  ),
  'outside-unit': problem(
    403,
    said('The unit is outside your range', '超出所属单位范围'),
    said('Ask somebody of that unit or of the company level.', '请由该单位或公司级人员办理。'),
  ),
  'network-refused': problem(
    403,
    said('The network is not allowed', '网络地址不在允许范围'),
    said('Call from a listed network.', '请从允许的网络地址访问。'),
  ),
  'clear-text-refused': problem(
    403,
    said('Unencrypted connections are not allowed', '不允许未加密的连接'),
    said('Use https.', '请使用 https。'),
  ),
  'not-found': problem(
    404,
    said('Not found', '未找到'),
    said('Check the address and the id.', '请核对地址和 ID。'),
  ),
  'method-not-allowed': problem(
    405,
    said('The address does not take this method', '该地址不支持此请求方法'),
    said('Use a method named in Allow.', '请使用 Allow 中列出的请求方法。'),
  ),
  'quota-exceeded': problem(
    429,
    said('Too many requests', '请求过于频繁'),
    said('Wait for the seconds in Retry-After.', '请等待 Retry-After 给出的秒数后重试。'),
    ['violated-policies'],
  ),
  // Our side
  'internal-error': problem(
    500,
    said('Something went wrong on our side', '服务内部错误'),
    said(
      'Repeat later; quote `instance` when you report it.',
      '请稍后重试；报告此问题时请提供 `instance`。',
    ),
  ),
  'upstream-failed': problem(
    502,
    said('The service behind the gateway failed', '后端服务出错'),
    said(
      'Repeat later; a keyed or conditional request may be repeated safely.',
      '请稍后重试；带 Idempotency-Key 或 If-Match 的请求可以放心重复提交。',
    ),
  ),
  unavailable: problem(
    503,
    said('The service is not available', '服务暂不可用'),
    said('Repeat after the seconds in Retry-After.', '请等待 Retry-After 给出的秒数后重试。'),
    ['cause'],
  ),
  'upstream-timeout': problem(
    504,
    said('The service behind the gateway did not answer in time', '后端服务超时'),
    said(
      'Repeat later; a keyed or conditional request may be repeated safely.',
      '请稍后重试；带 Idempotency-Key 或 If-Match 的请求可以放心重复提交。',
    ),
  ),
} as const satisfies Record<string, ProblemDefinition>
