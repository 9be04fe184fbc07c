import ApusCommand

await ApusCommand.main()
