import { setTimeout as pause } from 'node:timers/promises'
import { GetUserIdCommand, IdentitystoreClient } from '@aws-sdk/client-identitystore'
import {
  type AccountAssignmentOperationStatus,
  CreateAccountAssignmentCommand,
  DeleteAccountAssignmentCommand,
  DescribeAccountAssignmentCreationStatusCommand,
  DescribeAccountAssignmentDeletionStatusCommand,
  ListAccountAssignmentsForPrincipalCommand,
  SSOAdminClient,
} from '@aws-sdk/client-sso-admin'
import { afterWrite } from '../after-write.ts'
import { ProviderError } from '../port.ts'
import { type AwsIdentity, keysOf, type Place } from './credentials.ts'
import { classify, isStale } from './faults.ts'

export type AssignmentsOptions = AwsIdentity &
  Place & { readonly instanceArn: string; readonly identityStoreId: string }

/** One user's permission set in one account. */
export type Assignment = {
  readonly account: string
  readonly permissionSet: string
  /** The user's id in the identity store. */
  readonly user: string
}

/** What gitsudo needs in the account that Identity Center is run from. */
export const assignmentPermissions = [
  'sso:CreateAccountAssignment',
  'sso:DeleteAccountAssignment',
  'sso:DescribeAccountAssignmentCreationStatus',
  'sso:DescribeAccountAssignmentDeletionStatus',
  'sso:ListAccountAssignmentsForPrincipal',
  'identitystore:GetUserId',
] as const

const firstPollMs = 50
const longestPollMs = 1000

/** Of an assignment or a user that is not there (hashicorp/terraform-provider-aws, aws_ssoadmin_account_assignment). */
const absence = /^Received a 404 status error/

/** Who is not there has nothing. */
export const nobodys = (error: unknown): ReadonlySet<string> => {
  if (error instanceof ProviderError && error.kind === 'not_found') return new Set()
  throw error
}

type Status = AccountAssignmentOperationStatus | undefined

/** Identity Center's assignments through the SDK. Every method throws `ProviderError` only. */
export const createAssignments = (options: AssignmentsOptions) => {
  const place = {
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
  }
  const open = () => {
    const config = { ...place, maxAttempts: 1, credentials: keysOf(options, place) }
    return { admin: new SSOAdminClient(config), store: new IdentitystoreClient(config) }
  }
  let clients = open()

  /** Credentials can die before their time: then once more with fresh ones. */
  const ask = async <T>(
    call: string,
    of: string,
    signal: AbortSignal,
    send: (with_: typeof clients, with_signal: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> => {
    const used = clients
    try {
      signal.throwIfAborted()
      return await send(used, { abortSignal: signal }).catch((error: unknown) => {
        if (!isStale(error)) throw error
        if (clients === used) clients = open()
        return send(clients, { abortSignal: signal })
      })
    } catch (error) {
      const service = call === 'GetUserId' ? 'identitystore' : 'sso'
      throw classify(error, { call, of, permission: `${service}:${call}` })
    }
  }
  const named = ({ user, permissionSet, account }: Assignment): string =>
    `${user} ${permissionSet} ${account}`
  const input = ({ account, permissionSet, user }: Assignment) => ({
    InstanceArn: options.instanceArn,
    TargetId: account,
    TargetType: 'AWS_ACCOUNT' as const,
    PermissionSetArn: permissionSet,
    PrincipalType: 'USER' as const,
    PrincipalId: user,
  })

  /**
   * Until the request has ended; `look` throws when time is up.
   * @throws ProviderError `not_found`: what it names is not there; `unavailable`: it failed otherwise
   */
  const ended = async (what: string, first: Status, look: (id: string) => Promise<Status>): Promise<void> => {
    let status = first
    for (let wait = firstPollMs; status?.Status === 'IN_PROGRESS'; wait = Math.min(wait * 2, longestPollMs)) {
      await pause(wait)
      status = await look(status.RequestId ?? '')
    }
    if (status?.Status === 'SUCCEEDED') return
    const why = status?.FailureReason ?? 'nobody says why'
    throw new ProviderError(absence.test(why) ? 'not_found' : 'unavailable', `aws: ${what} failed: ${why}`)
  }

  /** What another request works at is asked for again, for so long. */
  const patient = async <T>(ms: number, work: () => Promise<T>): Promise<T> => {
    const until = performance.now() + ms
    for (let tries = 0; ; tries++) {
      try {
        return await work()
      } catch (error) {
        const busy = error instanceof ProviderError && error.kind === 'conflict'
        const wait = Math.random() * Math.min(longestPollMs, firstPollMs * 2 ** tries)
        if (!busy || performance.now() + wait > until) throw error
        await pause(wait)
      }
    }
  }

  /** The permission sets that a user himself has in an account. @throws ProviderError `not_found`: there is no such user */
  const assigned = async (
    { account, user }: Pick<Assignment, 'account' | 'user'>,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> => {
    const found = new Set<string>()
    let NextToken: string | undefined
    do {
      const page = await ask(
        'ListAccountAssignmentsForPrincipal',
        `${user} ${account}`,
        signal,
        ({ admin }, with_) =>
          admin.send(
            new ListAccountAssignmentsForPrincipalCommand({
              InstanceArn: options.instanceArn,
              PrincipalId: user,
              PrincipalType: 'USER',
              Filter: { AccountId: account },
              ...(NextToken === undefined ? {} : { NextToken }),
            }),
            with_,
          ),
      )
      // What a group of his gives is not his own.
      for (const one of page.AccountAssignments ?? [])
        if (one.PrincipalType === 'USER' && one.PrincipalId === user && one.AccountId === account)
          found.add(one.PermissionSetArn ?? '')
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    return found
  }

  return {
    /** A user's id by his name. @throws ProviderError `not_found` */
    async userId(name: string, signal: AbortSignal): Promise<string> {
      const UniqueAttribute = { AttributePath: 'userName', AttributeValue: name }
      const { UserId } = await ask('GetUserId', name, signal, ({ store }, with_) =>
        store.send(
          new GetUserIdCommand({
            IdentityStoreId: options.identityStoreId,
            AlternateIdentifier: { UniqueAttribute },
          }),
          with_,
        ),
      )
      if (UserId === undefined) throw new ProviderError('unknown', `aws: ${name} came without an id`)
      return UserId
    },

    assigned,

    isThere: async (wanted: Assignment, signal: AbortSignal): Promise<boolean> =>
      (await assigned(wanted, signal).catch(nobodys)).has(wanted.permissionSet),

    /** Resolves once it has been made. `patienceMs`: for how long another request may be in the way. */
    create: (wanted: Assignment, signal: AbortSignal, patienceMs: number): Promise<void> =>
      patient(patienceMs, async () => {
        const { AccountAssignmentCreationStatus: first } = await ask(
          'CreateAccountAssignment',
          named(wanted),
          signal,
          ({ admin }, with_) => admin.send(new CreateAccountAssignmentCommand(input(wanted)), with_),
        )
        await ended(`the assignment of ${named(wanted)}`, first, async (id) => {
          const answer = await afterWrite(() =>
            ask('DescribeAccountAssignmentCreationStatus', id, signal, ({ admin }, with_) =>
              admin.send(
                new DescribeAccountAssignmentCreationStatusCommand({
                  InstanceArn: options.instanceArn,
                  AccountAssignmentCreationRequestId: id,
                }),
                with_,
              ),
            ),
          )
          return answer.AccountAssignmentCreationStatus
        })
      }),

    /** Resolves once it has been deleted, or was not there. */
    delete: (wanted: Assignment, signal: AbortSignal, patienceMs: number): Promise<void> =>
      patient(patienceMs, async () => {
        try {
          const { AccountAssignmentDeletionStatus: first } = await ask(
            'DeleteAccountAssignment',
            named(wanted),
            signal,
            ({ admin }, with_) => admin.send(new DeleteAccountAssignmentCommand(input(wanted)), with_),
          )
          await ended(`the deletion of ${named(wanted)}`, first, async (id) => {
            const answer = await ask(
              'DescribeAccountAssignmentDeletionStatus',
              id,
              signal,
              ({ admin }, with_) =>
                admin.send(
                  new DescribeAccountAssignmentDeletionStatusCommand({
                    InstanceArn: options.instanceArn,
                    AccountAssignmentDeletionRequestId: id,
                  }),
                  with_,
                ),
            )
            return answer.AccountAssignmentDeletionStatus
          })
        } catch (error) {
          if (!(error instanceof ProviderError) || error.kind !== 'not_found') throw error
        }
      }),
  }
}
