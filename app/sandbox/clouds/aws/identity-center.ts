import { randomUUID } from 'node:crypto'
import { AwsError } from './errors.ts'

type Body = Readonly<Record<string, unknown>>
type Assignment = { readonly account: string; readonly permissionSet: string; readonly principal: string }
type Request = Assignment & {
  readonly kind: 'create' | 'delete'
  readonly id: string
  /** By the stopwatch: until then it is being worked at. */
  readonly doneAt: number
  readonly failed?: string
}

const permissionSet = /^arn:aws:sso:::permissionSet\/ssoins-[A-Za-z0-9]{16}\/ps-[A-Za-z0-9]{16}$/
const account = /^\d{12}$/
const userId = /^([0-9a-f]{10}-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export const invalid = (message: string) => new AwsError(400, 'ValidationException', message)
const notFound = (message: string) => new AwsError(400, 'ResourceNotFoundException', message)

/**
 * IAM Identity Center: account assignments, made and deleted by requests that take their time, and the identity store's
 * users. `workMs`: how long a request takes by the stopwatch. `propagationMs`: how far stale reads lag.
 */
export const createIdentityCenter = (options: {
  readonly clock: { now(): number }
  readonly workMs: number
  readonly propagationMs: number
}) => {
  const users = new Map<string, string>()
  const requests = new Map<string, Request>()
  /** What was assigned, and what before its last change. */
  const assigned = new Map<string, { readonly it: Assignment; there: boolean; before: boolean; at: number }>()
  const keyOf = (it: Assignment): string => `${it.account} ${it.permissionSet} ${it.principal}`
  const set = (it: Assignment, there: boolean): void => {
    const known = assigned.get(keyOf(it))
    const before = known?.there ?? false
    assigned.set(keyOf(it), { it, there, before, at: options.clock.now() })
  }
  const settle = (): void => {
    for (const [id, one] of requests)
      if (performance.now() >= one.doneAt && !settled.has(id)) {
        settled.add(id)
        if (one.failed === undefined) set(one, one.kind === 'create')
      }
  }
  const settled = new Set<string>()

  const read = (body: Body): Assignment => {
    const [in_, to, who] = [String(body.TargetId), String(body.PermissionSetArn), String(body.PrincipalId)]
    if (!account.test(in_) || body.TargetType !== 'AWS_ACCOUNT') throw invalid(`TargetId ${in_} is invalid`)
    if (!permissionSet.test(to)) throw invalid(`PermissionSetArn ${to} is invalid`)
    if (!userId.test(who) || body.PrincipalType !== 'USER') throw invalid(`PrincipalId ${who} is invalid`)
    return { account: in_, permissionSet: to, principal: who }
  }
  /** Such a request is taken, and fails (hashicorp/terraform-provider-aws, aws_ssoadmin_account_assignment). */
  const lacking = (kind: Request['kind'], it: Assignment): string | undefined => {
    const missing = 'Received a 404 status error:'
    if (!users.has(it.principal))
      return `${missing} the USER assignee ${it.principal} was not found in directory d-1234567890`
    return kind === 'create' || assigned.get(keyOf(it))?.there === true
      ? undefined
      : `${missing} EntitlementItem doesn't exist with the given entitlement key EntitlementKey{}`
  }
  const begin = (kind: Request['kind'], it: Assignment): Body => {
    const busy = [...requests].some(([id, one]) => !settled.has(id) && keyOf(one) === keyOf(it))
    if (busy)
      throw new AwsError(
        400,
        'ConflictException',
        'There is a conflicting operation in process for the resource.',
      )
    const failed = lacking(kind, it)
    const id = randomUUID()
    const request = { ...it, kind, id, doneAt: performance.now() + options.workMs }
    requests.set(id, failed === undefined ? request : { ...request, failed })
    return { Status: 'IN_PROGRESS', RequestId: id }
  }
  const statusOf = (kind: Request['kind'], body: Body): Body => {
    const id = String(
      body[kind === 'create' ? 'AccountAssignmentCreationRequestId' : 'AccountAssignmentDeletionRequestId'],
    )
    const request = requests.get(id)
    if (request?.kind !== kind) throw notFound(`Request ${id} could not be found`)
    if (!settled.has(id)) return { Status: 'IN_PROGRESS', RequestId: id }
    return request.failed === undefined
      ? { Status: 'SUCCEEDED', RequestId: id }
      : { Status: 'FAILED', RequestId: id, FailureReason: request.failed }
  }

  const actions: Readonly<Record<string, (body: Body, stale: boolean) => Body>> = {
    CreateAccountAssignment: (body) => ({ AccountAssignmentCreationStatus: begin('create', read(body)) }),
    DeleteAccountAssignment: (body) => ({ AccountAssignmentDeletionStatus: begin('delete', read(body)) }),
    DescribeAccountAssignmentCreationStatus: (body) => ({
      AccountAssignmentCreationStatus: statusOf('create', body),
    }),
    DescribeAccountAssignmentDeletionStatus: (body) => ({
      AccountAssignmentDeletionStatus: statusOf('delete', body),
    }),
    ListAccountAssignmentsForPrincipal(body, stale) {
      const wanted = (body.Filter as { readonly AccountId?: string } | undefined)?.AccountId
      const all = [...assigned.values()]
        .filter(
          ({ it }) => it.principal === body.PrincipalId && (wanted === undefined || it.account === wanted),
        )
        .filter(({ there, before, at }) =>
          stale && options.clock.now() < at + options.propagationMs ? before : there,
        )
      const [from, size] = [Number(body.NextToken ?? 0), Number(body.MaxResults ?? 100)]
      return {
        AccountAssignments: all.slice(from, from + size).map(({ it }) => ({
          AccountId: it.account,
          PermissionSetArn: it.permissionSet,
          PrincipalId: it.principal,
          PrincipalType: 'USER',
        })),
        ...(from + size < all.length ? { NextToken: String(from + size) } : {}),
      }
    },
    GetUserId(body) {
      const by = body.AlternateIdentifier as
        | { readonly UniqueAttribute?: { readonly AttributePath?: string; readonly AttributeValue?: string } }
        | undefined
      if (by?.UniqueAttribute?.AttributePath !== 'userName') throw invalid('AttributePath is invalid')
      const found = [...users].find(([, name]) => name === by.UniqueAttribute?.AttributeValue)
      if (found === undefined) throw notFound('USER not found.')
      return { UserId: found[0], IdentityStoreId: body.IdentityStoreId }
    },
  }

  return {
    /** What a call says, and where it asks for a request, what that was for. */
    saying(text: string): string {
      const [id = ''] = /(?<=RequestId":")[^"]+/.exec(text) ?? []
      const request = requests.get(id)
      return request === undefined ? text : `${text} ${keyOf(request)}`
    },
    answer(action: string, body: Body, stale: boolean): Body {
      settle()
      const work = actions[action]
      if (work === undefined) throw new AwsError(400, 'UnknownOperationException', action)
      return work(body, stale)
    },
    /** A user of the identity store. @returns his id */
    addUser(name: string): string {
      const id = randomUUID()
      users.set(id, name)
      return id
    },
    renameUser: (id: string, name: string) => users.set(id, name),
    deleteUser: (id: string) => users.delete(id),
    idOf: (name: string) => [...users].find(([, known]) => known === name)?.[0],
    /** Assigns, or takes away, as another administrator would. */
    assign: (it: Assignment): void => set(it, true),
    unassign: (it: Assignment): void => set(it, false),
    /** Whether the portal lets this user into the account with this permission set now. */
    getsIn(it: Assignment): boolean {
      settle()
      return assigned.get(keyOf(it))?.there === true
    },
  }
}
