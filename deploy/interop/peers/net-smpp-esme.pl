#!/usr/bin/perl
# An ESME on Perl's Net::SMPP:   perl net-smpp-esme.pl PORT
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use Lines qw(encode_text decode_text header_of printed serve);
use Net::SMPP;

use constant { UDHI => 0x40, RECEIPT => 0x04 };

my %binds = (trx => [ 'transceiver', 'alone' ], tx => [ 'transmitter', 'pair' ], rx => [ 'receiver', 'pair' ]);
my (%links, %tags);

my %commands = (
    bind => sub {
        for my $link (sort keys %binds) {
            my ($mode, $system_id) = @{ $binds{$link} };
            my $session = Net::SMPP->new_connect('127.0.0.1', port => $ARGV[0], async => 1) or die "no connection: $!";
            my $bind = "bind_$mode";
            $session->$bind(system_id => $system_id, password => 'secret');
            $links{$link} = $session;
        }
    },
    submit => sub {
        my ($c) = @_;
        my $header = $c->{udh} ? pack 'C*', 5, 0, 3, @{ $c->{udh} } : '';
        my $seq = $links{ $c->{link} }->submit_sm(
            source_addr => $c->{from},
            dest_addr_ton => 1,
            dest_addr_npi => 1,
            destination_addr => $c->{to},
            esm_class => $c->{udh} ? UDHI : 0,
            data_coding => $c->{coding},
            registered_delivery => $c->{receipt} ? 1 : 0,
            short_message => $header . encode_text($c->{coding}, $c->{text}),
        );
        $tags{"$c->{link}/$seq"} = $c->{tag};
    },
    unbind => sub { $links{ $_[0]{link} }->unbind },
);

sub deliver {
    my ($link, $pdu) = @_;
    if ($pdu->{esm_class} & RECEIPT) {
        my ($id, $state) = @{$pdu}{qw(receipted_message_id message_state)};
        $id =~ s/\0$// if defined $id;
        return printed('receipt', link => $link, text => $pdu->{short_message}, tlv => $id,
            state => defined $state ? unpack 'C', $state : undef);
    }
    my ($udh, $octets) = header_of($pdu->{esm_class} & UDHI, $pdu->{short_message});
    printed(
        'deliver_sm',
        link => $link,
        from => $pdu->{source_addr},
        to => $pdu->{destination_addr},
        coding => $pdu->{data_coding},
        udh => $udh,
        text => decode_text($pdu->{data_coding}, $octets),
    );
}

# What a link has sent; false where it is to be closed.
sub receive {
    my ($link, $session, $pdu) = @_;
    my $cmd = $pdu->explain_cmd;
    if ($cmd =~ /^bind_.*_resp$/) {
        printed('bind_resp', link => $link, status => $pdu->{status});
    } elsif ($cmd eq 'submit_sm_resp') {
        my $tag = $tags{"$link/$pdu->{seq}"};
        printed('submit_sm_resp', tag => $tag, status => $pdu->{status}, id => $pdu->{message_id});
    } elsif ($cmd eq 'deliver_sm') {
        deliver($link, $pdu);
        $session->deliver_sm_resp(seq => $pdu->{seq}, message_id => '');
    } elsif ($cmd eq 'enquire_link') {
        $session->enquire_link_resp(seq => $pdu->{seq});
    } elsif ($cmd eq 'unbind') {
        $session->unbind_resp(seq => $pdu->{seq});
        printed('unbind', link => $link);
        return 0;
    } elsif ($cmd eq 'unbind_resp') {
        printed('unbind_resp', link => $link, status => $pdu->{status});
        return 0;
    } else {
        printed('error', link => $link, message => $cmd);
    }
    return 1;
}

printed('ready', stack => "Net::SMPP $Net::SMPP::VERSION", splits => JSON::PP::false);
serve(\%links, \%commands, \&receive);
