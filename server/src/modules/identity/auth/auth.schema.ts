// What comes in and what goes out of signing in.
import Type, { type Static } from 'typebox'
import { Body, Email, IdOf, Nullable, OneOf, Timestamp } from '../../../drivers/http/index.ts'
import { InvitationToken } from '../invitations/index.ts'
import { Enrollment, MfaRequired, Proof } from '../mfa/index.ts'
import { Tokens } from '../sessions/index.ts'
import { Registration, User } from '../users/index.ts'

const Secret = Type.String({ minLength: 1, maxLength: 1024, format: 'password' })
const NewSecret = Type.String({ ...Secret, examples: ['Bas4lt-Column!'] })
const Link = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'The secret of the link in the mail.',
  examples: ['q8Jm2vX0tC7bN4kLw9RzY1sD6fHaGpUe3iTo5BnVxMc'],
})
const Identifier = Type.Optional(Type.String({ minLength: 1, maxLength: 254 }))

export const Login = Body(
  {
    email: Identifier,
    username: Identifier,
    login: Identifier,
    password: Secret,
    // The OAuth 2.0 password flow sends these; they change nothing.
    grantType: Type.Optional(Type.String({ maxLength: 50 })),
    scope: Type.Optional(Type.String({ maxLength: 500 })),
    clientId: Type.Optional(Type.String({ maxLength: 200 })),
    clientSecret: Type.Optional(Type.String({ maxLength: 200 })),
  },
  { examples: [{ email: 'mason@example.com', password: 'Gr4nite-Quarry!' }] },
)
export type Login = Static<typeof Login>

export const Register = Body({ ...Registration.properties, invitationToken: Type.Optional(InvitationToken) })
export type Register = Static<typeof Register>
export const VerifyMfa = Body(
  { mfaToken: Type.String({ minLength: 1, maxLength: 100 }), ...Proof },
  { examples: [{ mfaToken: 'q8Jm2vX0tC7bN4kLw9RzY1sD6fHaGpUe3iTo5BnVxMc', code: '287082' }] },
)
export type VerifyMfa = Static<typeof VerifyMfa>
export const Reauthenticate = Body(
  { password: Type.Optional(Secret), ...Proof },
  { examples: [{ password: 'Gr4nite-Quarry!' }] },
)
export type Reauthenticate = Static<typeof Reauthenticate>
export const Reauthenticated = Type.Object({
  authenticatedAt: Timestamp,
  freshUntil: Timestamp,
})
export type Reauthenticated = Static<typeof Reauthenticated>

export const Refresh = Body({
  refreshToken: Type.String({
    minLength: 1,
    maxLength: 400,
    examples: ['q8Jm2vX0tC7bN4kLw9RzY1sD6fHaGpUe3iTo5BnVxMc'],
  }),
})
export const ForgotPassword = Body({ email: Email })
export const ResetPassword = Body({
  token: Link,
  password: Type.Optional(Secret),
  newPassword: Type.Optional(NewSecret),
})
export type ResetPassword = Static<typeof ResetPassword>
export const ChangePassword = Body({ oldPassword: Secret, newPassword: NewSecret })
export type ChangePassword = Static<typeof ChangePassword>
export const ChangeAddress = Body({ email: Email, password: Secret })
export type ChangeAddress = Static<typeof ChangeAddress>
export const VerifyEmail = Body({ token: Link })

const RoleWithPermissions = Type.Object({
  id: IdOf('role'),
  name: Type.String(),
  label: Type.String(),
  description: Nullable(Type.String()),
  permissions: Type.Array(Type.String()),
})

const { roles: _roles, ...userFields } = User.properties

export const Me = Type.Object(
  {
    ...userFields,
    roles: Type.Array(RoleWithPermissions),
    permissions: Type.Array(Type.String(), {
      description: 'Everything that the roles grant in this tenant, wildcards included.',
    }),
    tenantId: IdOf('tenant'),
    level: OneOf(['OWNER', 'ADMIN', 'MEMBER']),
    tenants: Type.Array(
      Type.Object({
        id: IdOf('tenant'),
        name: Type.String(),
        slug: Type.String(),
        level: OneOf(['OWNER', 'ADMIN', 'MEMBER']),
      }),
    ),
    impersonated: Type.Optional(
      Type.Literal(true, { description: 'An admin of this installation acts in this name.' }),
    ),
  },
  { title: 'Me' },
)
export type Me = Static<typeof Me>

/** A registration that gives no tokens before its address is confirmed. */
export const AwaitsVerification = Type.Object(
  { emailVerificationRequired: Type.Literal(true), user: Type.Object({ id: IdOf('user'), email: Type.String() }) },
  { title: 'AwaitsVerification' },
)
export type AwaitsVerification = Static<typeof AwaitsVerification>

export const SignedIn = Type.Object(
  { ...Tokens.properties, user: Me, mfaEnrollment: Type.Optional(Enrollment) },
  { title: 'SignedIn' },
)
/** Signing in with a password ends here, or goes on with a second factor. */
export const LoggedIn = Type.Union([SignedIn, MfaRequired])
