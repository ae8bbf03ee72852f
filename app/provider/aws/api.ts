import {
  DeleteRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam'
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts'
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers'
import type { AwsRole } from '../../grant/grantable/aws.ts'
import { ProviderError } from '../port.ts'
import { type AwsIdentity, keysOf, type Place } from './credentials.ts'
import { classify, isStale } from './faults.ts'
import { managerOf } from './policies.ts'

export type ApiOptions = AwsIdentity &
  Place & {
    /** The role that looks after the roles of an account other than gitsudo's own, with `{scope}` for it. */
    readonly managerRoleArnTemplate?: string
    readonly externalId?: string
  }

/** What a role is, as far as it matters here. */
export type RoleFacts = { readonly id: string; readonly mostSeconds: number; readonly trust: string }

/** STS and IAM through the SDK. Every method throws `ProviderError` only, but for what `raw` says. */
export const createApi = (options: ApiOptions) => {
  const place: Place = {
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
  }
  const clientConfig = { ...place, maxAttempts: 1 }
  const open = () => {
    const credentials = keysOf(options, place)
    const config = { ...clientConfig, credentials }
    const accounts = new Map<string, IAMClient>()
    const sts = new STSClient(config)
    /** IAM reaches its caller's own account alone. */
    const reach = async (account: string, signal: AbortSignal): Promise<IAMClient> => {
      const own = await sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal })
      if (own.Account === account) return new IAMClient(config)
      const manager = managerOf(options.managerRoleArnTemplate, account)
      // Elsewhere nothing of this account's roles is to be seen, which is not that they are gone.
      if (manager === undefined)
        throw new ProviderError(
          'invalid',
          `aws: gitsudo is in account ${own.Account}, and IAM would not let it revoke in ${account}: name a role there as providers.aws.manager_role_arn_template, with {scope} for the account`,
        )
      const params = {
        RoleArn: manager.arn,
        RoleSessionName: 'gitsudo-manager',
        DurationSeconds: 900,
        ...(options.externalId === undefined ? {} : { ExternalId: options.externalId }),
      }
      return new IAMClient({
        ...clientConfig,
        credentials: fromTemporaryCredentials({ masterCredentials: credentials, params, clientConfig }),
      })
    }
    return {
      sts,
      async iam(account: string, signal: AbortSignal): Promise<IAMClient> {
        const client = accounts.get(account) ?? (await reach(account, signal))
        accounts.set(account, client)
        return client
      },
    }
  }
  let clients = open()

  /** Credentials can die before their time: then once more with fresh ones. */
  const ask = async <T>(signal: AbortSignal, send: (with_: typeof clients) => Promise<T>): Promise<T> => {
    signal.throwIfAborted()
    const used = clients
    try {
      return await send(used)
    } catch (error) {
      if (!isStale(error)) throw error
      if (clients === used) clients = open()
      return send(clients)
    }
  }
  const told = async <T>(call: string, of: string, permission: string, work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      if (error instanceof ProviderError) throw error
      throw classify(error, { call, of, permission })
    }
  }
  const iam = <T>(
    call: string,
    role: AwsRole,
    signal: AbortSignal,
    send: (client: IAMClient) => Promise<T>,
  ) =>
    told(
      call,
      role.arn,
      `iam:${call}`,
      ask(signal, async (with_) => send(await with_.iam(role.account, signal))),
    )

  return {
    /** Who gitsudo is, by ARN. */
    async whoami(signal: AbortSignal): Promise<string> {
      const answer = ask(signal, ({ sts }) =>
        sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal }),
      )
      const { Arn } = await told('GetCallerIdentity', 'gitsudo', 'sts:GetCallerIdentity', answer)
      return Arn ?? ''
    },

    /** @throws what the SDK throws: whoever asks looks at which permission is missing */
    rawAssume: (input: AssumeRoleCommandInput, signal: AbortSignal) =>
      ask(signal, ({ sts }) => sts.send(new AssumeRoleCommand(input), { abortSignal: signal })),

    /** @throws ProviderError `not_found`: there is no such role */
    async role(role: AwsRole, signal: AbortSignal): Promise<RoleFacts> {
      const { Role: seen } = await iam('GetRole', role, signal, (client) =>
        client.send(new GetRoleCommand({ RoleName: role.name }), { abortSignal: signal }),
      )
      if (seen?.Arn === undefined || seen.RoleId === undefined)
        throw new ProviderError('unknown', `aws: ${role.arn} came without an ARN or id`)
      if (!seen.Arn.startsWith(role.arn.slice(0, role.arn.indexOf('/'))))
        throw new ProviderError(
          'invalid',
          `aws: asked for ${role.arn}, IAM answers of elsewhere: ${seen.Arn}`,
        )
      // IAM knows roles by name: the same name on another path is another role.
      if (seen.Arn !== role.arn)
        throw new ProviderError('not_found', `aws: ${role.arn} is not there; ${seen.Arn} is`)
      return {
        id: seen.RoleId,
        mostSeconds: seen.MaxSessionDuration ?? 3600,
        trust: decodeURIComponent(seen.AssumeRolePolicyDocument ?? ''),
      }
    },

    /** An inline policy's text; undefined: the role has none of this name. */
    async policy(role: AwsRole, name: string, signal: AbortSignal): Promise<string | undefined> {
      try {
        const { PolicyDocument } = await iam('GetRolePolicy', role, signal, (client) =>
          client.send(new GetRolePolicyCommand({ RoleName: role.name, PolicyName: name }), {
            abortSignal: signal,
          }),
        )
        return decodeURIComponent(PolicyDocument ?? '')
      } catch (error) {
        if (error instanceof ProviderError && error.kind === 'not_found') return undefined
        throw error
      }
    },

    async putPolicy(role: AwsRole, name: string, text: string, signal: AbortSignal): Promise<void> {
      const input = { RoleName: role.name, PolicyName: name, PolicyDocument: text }
      await iam('PutRolePolicy', role, signal, (client) =>
        client.send(new PutRolePolicyCommand(input), { abortSignal: signal }),
      )
    },

    /** Does nothing where there is none. */
    async deletePolicy(role: AwsRole, name: string, signal: AbortSignal): Promise<void> {
      try {
        await iam('DeleteRolePolicy', role, signal, (client) =>
          client.send(new DeleteRolePolicyCommand({ RoleName: role.name, PolicyName: name }), {
            abortSignal: signal,
          }),
        )
      } catch (error) {
        if (!(error instanceof ProviderError) || error.kind !== 'not_found') throw error
      }
    },
  }
}

export type Api = ReturnType<typeof createApi>
