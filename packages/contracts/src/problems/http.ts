import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals of every service and of the gateway: the request itself, access, and failures on our side. */
export const httpProblems = {
  // Requests
  'malformed-request': problem(
    400,
    'The request cannot be read',
    '请求无法解析',
    'Send well-formed JSON, a known content type and readable parameters.',
    ['errors'],
  ),
  'idempotency-key-missing': problem(
    400,
    'An Idempotency-Key is required',
    '缺少 Idempotency-Key',
    'Repeat the request with a new Idempotency-Key header of 1 to 255 characters.',
  ),
  'cursor-unusable': problem(
    400,
    'The page cursor is not usable',
    '分页游标无效',
    'Start again from the first page.',
  ),
  'validation-failed': problem(
    422,
    'The request does not match its schema',
    '请求内容不符合规定',
    'Correct the members listed in `errors`.',
    ['errors'],
  ),
  'idempotency-key-reused': problem(
    422,
    'The Idempotency-Key was used for another request',
    'Idempotency-Key 已用于其他请求',
    'Use a new key for a new request.',
  ),
  'body-too-large': problem(
    413,
    'The body is too large',
    '请求体过大',
    'Send less, or in several requests.',
  ),
  'media-type-unsupported': problem(
    415,
    'The content type is not supported',
    '不支持的内容类型',
    'Use the content type that the operation documents.',
  ),
  'precondition-required': problem(
    428,
    'An If-Match header is required',
    '缺少 If-Match',
    'Read the resource and repeat the change with its ETag in If-Match.',
  ),
  'version-stale': problem(
    412,
    'The resource has changed since you read it',
    '资源已被他人修改',
    'Read it again and decide anew.',
    ['currentVersion'],
  ),
  // Access
  unauthenticated: problem(
    401,
    'A valid token is required',
    '需要有效令牌',
    'Sign in or fetch a new token.',
  ),
  'token-revoked': problem(
    401,
    'The token has been revoked',
    '令牌已被撤销',
    'Sign in again if the account may still be used.',
  ),
  'permission-missing': problem(
    403,
    'The permission is missing',
    '没有权限',
    'Ask the security administrator for the role that holds the permission.',
    ['permission', 'roles'],
  ),
  'outside-unit': problem(
    403,
    'The unit is outside your range',
    '超出所属单位范围',
    'Ask somebody of that unit or of the company level.',
  ),
  'network-refused': problem(
    403,
    'The network is not allowed',
    '网络地址不在允许范围',
    'Call from a listed network.',
  ),
  'clear-text-refused': problem(
    403,
    'Unencrypted connections are not allowed',
    '不允许未加密的连接',
    'Use https.',
  ),
  'not-found': problem(404, 'Not found', '未找到', 'Check the address and the id.'),
  'method-not-allowed': problem(
    405,
    'The address does not take this method',
    '该地址不支持此请求方法',
    'Use a method named in Allow.',
  ),
  'quota-exceeded': problem(
    429,
    'Too many requests',
    '请求过于频繁',
    'Wait for the seconds in Retry-After.',
    ['violated-policies'],
  ),
  // Our side
  'internal-error': problem(
    500,
    'Something went wrong on our side',
    '服务内部错误',
    'Repeat later; quote `instance` when you report it.',
  ),
  'upstream-failed': problem(
    502,
    'The service behind the gateway failed',
    '后端服务出错',
    'Repeat later; a keyed or conditional request may be repeated safely.',
  ),
  unavailable: problem(
    503,
    'The service is not available',
    '服务暂不可用',
    'Repeat after the seconds in Retry-After.',
    ['cause'],
  ),
  'upstream-timeout': problem(
    504,
    'The service behind the gateway did not answer in time',
    '后端服务超时',
    'Repeat later; a keyed or conditional request may be repeated safely.',
  ),
} as const satisfies Record<string, ProblemDefinition>
