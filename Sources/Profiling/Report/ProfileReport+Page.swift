extension ProfileReport { package var page: String { "" } }
