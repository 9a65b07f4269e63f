// Signing in over HTTP.
import Type from 'typebox'
import { eitherOf } from '../../../core/errors.ts'
import { Message, type Route, route } from '../../../drivers/http/index.ts'
import { JOIN_ERRORS } from '../invitations/index.ts'
import { type AccessTokens, Tokens, toTokens } from '../sessions/index.ts'
import { addressRoutes } from './auth.addresses.routes.ts'
import {
  AwaitsVerification,
  ChangePassword,
  ForgotPassword,
  LoggedIn,
  Login,
  Me,
  Reauthenticate,
  Reauthenticated,
  Refresh,
  Register,
  ResetPassword,
  SignedIn,
  VerifyMfa,
} from './auth.schema.ts'
import type { Auth } from './auth.service.ts'
import type { SignedIn as SignedInAnswer } from './service/sign-in.ts'

export interface AuthRouteParts {
  auth: Auth
  accessTokens: Pick<AccessTokens, 'jwks'>
  avatarMaxBytes: number
}

const everywhere = ['canonical', 'halolight', 'envelope'] as const

export function authRoutes(parts: AuthRouteParts): Route[] {
  return [...entryRoutes(parts), ...sessionRoutes(parts), ...passwordRoutes(parts), ...addressRoutes(parts.auth)]
}

const signedIn = ({ user, mfaEnrollment, ...pair }: SignedInAnswer) => ({
  ...toTokens(pair),
  user,
  ...(mfaEnrollment && { mfaEnrollment }),
})

function entryRoutes({ auth, avatarMaxBytes }: AuthRouteParts): Route[] {
  return [
    route({
      method: 'POST',
      path: '/auth/register',
      operation: 'auth.register',
      access: { public: 'people make their own accounts, unless registration is closed' },
      rate: 'auth',
      bases: everywhere,
      summary: 'Register',
      description:
        'JSON, or a multipart form with a picture. Name and username are derived from the address when they are missing. With `invitationToken` the account joins the tenant of that invitation, also where registration is closed.',
      body: Register,
      accepts: ['json', 'form', 'multipart'],
      files: { avatar: { maxBytes: avatarMaxBytes } },
      bodyLimit: avatarMaxBytes + 65_536,
      headers: {
        'accept-language': 'The languages of the person: the first that the product speaks is that of their mails.',
      },
      status: 201,
      answer: Type.Union([SignedIn, AwaitsVerification]),
      message: 'User registered successfully',
      errors: [
        'auth.registration_closed',
        ...JOIN_ERRORS,
        'users.email_taken',
        'tenants.domain_not_allowed',
        'users.username_taken',
        'users.phone_taken',
        'users.avatar_invalid',
        'request.too_large',
      ],
      handle: async ({ body, files, facts, headers }) => {
        const registered = await auth.register(body, files.avatar, facts, headers['accept-language'])
        return 'emailVerificationRequired' in registered ? registered : signedIn(registered)
      },
    }),
    route({
      method: 'POST',
      path: '/auth/login',
      operation: 'auth.login',
      access: { public: 'this is where people sign in' },
      rate: 'auth',
      bases: everywhere,
      summary: 'Sign in',
      description:
        'By e-mail address or username, as JSON or as the form of the OAuth 2.0 password flow. An account with a second factor gets no tokens yet, but `mfaRequired` and the token for `POST /auth/mfa/verify`.',
      body: Login,
      accepts: ['json', 'form'],
      answer: LoggedIn,
      message: (answer) =>
        (answer as { mfaRequired?: true }).mfaRequired ? 'Second factor required' : 'Login successful',
      errors: [
        'auth.wrong_credentials',
        'auth.locked',
        'auth.too_many_attempts',
        'auth.email_unverified',
        'auth.no_tenant',
        'access.tenant_not_found',
      ],
      handle: async ({ body, facts }) => {
        const outcome = await auth.login(body, facts)
        return 'mfaRequired' in outcome ? outcome : signedIn(outcome)
      },
    }),
    route({
      method: 'POST',
      path: '/auth/mfa/verify',
      operation: 'auth.verifyMfa',
      access: { public: 'the token from the first half of signing in is the credential' },
      rate: 'auth',
      bases: everywhere,
      summary: 'End a sign-in with a code of the second factor',
      description:
        'With a code of an authenticator or a recovery code. Every code is good once; wrong ones are counted.',
      body: VerifyMfa,
      accepts: ['json', 'form'],
      answer: SignedIn,
      message: 'Login successful',
      errors: ['auth.mfa_token_invalid', 'auth.wrong_code', 'auth.locked', 'auth.too_many_attempts'],
      handle: async ({ body, facts }) => signedIn(await auth.verifyMfa(body, facts)),
    }),
    route({
      method: 'POST',
      path: '/auth/refresh',
      operation: 'auth.refresh',
      access: { public: 'the refresh token in the body is the credential' },
      rate: 'refresh',
      bases: everywhere,
      summary: 'Exchange a refresh token for new tokens',
      description:
        'Each token is used once. Within a short grace time the same token gives the same successor again; after it, using an old one ends the session.',
      body: Refresh,
      accepts: ['json', 'form'],
      answer: Tokens,
      errors: ['sessions.refresh_invalid', 'sessions.refresh_reused'],
      handle: async ({ body, facts }) => toTokens(await auth.refresh(body.refreshToken, facts)),
    }),
  ]
}

function sessionRoutes({ auth, accessTokens }: AuthRouteParts): Route[] {
  return [
    route({
      method: 'GET',
      path: '/auth/me',
      operation: 'auth.me',
      access: 'user',
      enrolling: true,
      bases: everywhere,
      summary: 'Who you are here: account, roles, permissions, tenants',
      answer: Me,
      handle: ({ actor }) => auth.me(actor),
    }),
    route({
      method: 'POST',
      path: '/auth/reauthenticate',
      operation: 'auth.reauthenticate',
      access: 'session',
      enrolling: true,
      rate: 'auth',
      bases: everywhere,
      summary: 'Prove again who you are, for changes that need a recent proof',
      description:
        'With the password, or with a code or recovery code where the account has a second factor. Holds for this session only.',
      body: Reauthenticate,
      answer: Reauthenticated,
      errors: ['auth.wrong_password', 'mfa.wrong_code', 'auth.locked', 'auth.too_many_attempts'],
      handle: ({ actor, body, facts }) => auth.reauthenticate(actor, body, facts),
    }),
    route({
      method: 'POST',
      path: '/auth/logout',
      operation: 'auth.logout',
      access: 'session',
      enrolling: true,
      bases: everywhere,
      summary: 'Sign out of this session',
      description: 'On the HaloLight base it ends all sessions.',
      answer: Message,
      handle: async ({ actor, facts }) => {
        await auth.logout(actor, facts)
        return { message: 'You are signed out.' }
      },
    }),
    route({
      method: 'POST',
      path: '/auth/logout-all',
      operation: 'auth.logoutAll',
      access: 'session',
      enrolling: true,
      bases: everywhere,
      summary: 'Sign out of every session',
      answer: Message,
      handle: async ({ actor, facts }) => {
        await auth.logoutAll(actor, facts)
        return { message: 'You are signed out everywhere.' }
      },
    }),
    route({
      method: 'GET',
      path: '/.well-known/jwks.json',
      operation: 'auth.jwks',
      access: { public: 'public keys are for everyone who verifies our tokens' },
      rate: 'uncounted',
      bases: ['plain'],
      summary: 'The public keys of access tokens (RFC 7517)',
      answer: Type.Object({ keys: Type.Array(Type.Object({}, { additionalProperties: true })) }),
      handle: async () => accessTokens.jwks(),
    }),
  ]
}

function passwordRoutes({ auth }: AuthRouteParts): Route[] {
  return [
    route({
      method: 'POST',
      path: '/auth/forgot-password',
      operation: 'auth.forgotPassword',
      access: { public: 'whoever forgot a password cannot sign in' },
      rate: 'auth',
      bases: everywhere,
      summary: 'Ask for a link to reset the password',
      description: 'The answer is the same whether or not the address has an account.',
      body: ForgotPassword,
      accepts: ['json', 'form'],
      answer: Message,
      handle: async ({ body }) => {
        await auth.forgot(body.email)
        return { message: 'If the e-mail exists, a password reset link has been sent.' }
      },
    }),
    route({
      method: 'POST',
      path: '/auth/reset-password',
      operation: 'auth.resetPassword',
      access: { public: 'the link from the mail is the credential' },
      rate: 'auth',
      bases: everywhere,
      summary: 'Set a new password with the link from the mail',
      description: 'Once; ends every session.',
      body: ResetPassword,
      accepts: ['json', 'form'],
      answer: Message,
      errors: ['auth.link_invalid'],
      handle: async ({ body, facts }) => {
        eitherOf(body.newPassword, body.password, 'password')
        await auth.reset(body, facts)
        return { message: 'Your password was set. Sign in with it.' }
      },
    }),
    route({
      method: 'POST',
      path: '/auth/change-password',
      operation: 'auth.changePassword',
      access: 'session',
      rate: 'auth',
      bases: everywhere,
      summary: 'Change your password',
      description: 'Ends your other sessions.',
      body: ChangePassword,
      answer: Message,
      errors: ['auth.wrong_password', 'auth.locked'],
      handle: async ({ actor, body, facts }) => {
        await auth.change(actor, body, facts)
        return { message: 'Your password was changed.' }
      },
    }),
  ]
}
