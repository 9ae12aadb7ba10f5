# JSON lines between a list of steps and a peer on Perl, its sockets, and how a text becomes octets: Net::SMPP leaves
# that to its caller, and Perl's own Encode knows GSM 03.38.
package Lines;
use strict;
use warnings;

use Encode ();
use Exporter 'import';
use IO::Select;
use JSON::PP;

our @EXPORT_OK = qw(encode_text decode_text header_of printed serve);

my $json = JSON::PP->new->utf8->canonical;
$| = 1;

sub printed {
    my ($on, %fields) = @_;
    print $json->encode({ on => $on, %fields }), "\n";
}

sub charset { return { 0 => 'gsm0338', 8 => 'UTF-16BE' }->{ $_[0] } // die "data_coding $_[0]" }

sub encode_text { return Encode::encode(charset($_[0]), $_[1], Encode::FB_CROAK) }

sub decode_text { return Encode::decode(charset($_[0]), $_[1], Encode::FB_CROAK) }

# The header's reference, total and number, or undef; and the octets behind it.
sub header_of {
    my ($there, $octets) = @_;
    return (undef, $octets) unless $there;
    my ($length, $element) = unpack 'CC', $octets;
    die "element $element" if $element != 0;
    return ([ unpack 'x3 CCC', $octets ], substr $octets, $length + 1);
}

# Obeys commands from standard input, takes new links from a listener if there is one, and gives PDUs to `receive`,
# until standard input ends. A link is closed when it ends or when `receive` says false.
sub serve {
    my ($links, $commands, $receive, $listener) = @_;
    my $buffer = '';
    for (;;) {
        my $select = IO::Select->new(\*STDIN, $listener // (), values %$links);
        my %ready = map { fileno $_ => 1 } $select->can_read;
        if ($ready{ fileno STDIN }) {
            sysread STDIN, $buffer, 65536, length $buffer or exit 0;
            while ($buffer =~ s/^(.*)\n//) {
                my $command = $json->decode($1);
                $commands->{ $command->{do} }->($command);
            }
        }
        $links->{ fresh() } = $listener->accept if $listener && $ready{ fileno $listener };
        for my $link (grep { $ready{ fileno $links->{$_} } } keys %$links) {
            my $pdu = $links->{$link}->read_pdu;
            next if $pdu && $receive->($link, $links->{$link}, $pdu);
            close delete $links->{$link};
            printed('close', link => $link);
        }
    }
}

my $count = 0;
sub fresh { return ++$count }

1;
